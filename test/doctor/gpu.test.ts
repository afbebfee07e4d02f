/** The GPU and its driver, on machines that lack one thing each. */
import assert from 'node:assert/strict';
import { gpuFindings } from '../../src/doctor/gpu.js';
import { only, probeOf, type Machine } from '../support/doctor.js';

describe('the findings about the GPU', () => {
  const nvidia = 'NVIDIA GPU and driver';
  const devices = 'GPU device files';
  const nodes = {
    '/dev/nvidia0': '',
    '/dev/nvidiactl': '',
    '/dev/dri/renderD128': '',
    '/dev/tty': '',
  };
  const findingsOf = (machine: Machine) => gpuFindings(probeOf(machine));
  const says = (stdout: string, failure?: string) => ({ 'nvidia-smi': { stdout, failure } });

  it('are none on a machine without', async () => {
    const findings = await findingsOf({ files: { '/dev/tty': '' } });
    assert.equal(only(findings, nvidia).state, 'missing');
    assert.equal(only(findings, devices).state, 'missing');
    assert.equal(findings.length, 2);
  });

  it('name what nvidia-smi lists, and the device files', async () => {
    const stdout = 'NVIDIA H100 80GB HBM3, 550.54.15, 81559 MiB\nNVIDIA T4, 550.54.15, 15360 MiB\n';
    const findings = await findingsOf({ files: nodes, commands: says(stdout) });
    const { state, detail } = only(findings, nvidia);
    assert.equal(state, 'ok');
    assert.equal(
      detail,
      'NVIDIA H100 80GB HBM3, driver 550.54.15, 81559 MiB; NVIDIA T4, driver 550.54.15, 15360 MiB',
    );
    assert.equal(
      only(findings, devices).detail,
      '/dev/nvidia0, /dev/nvidiactl, /dev/dri/renderD128',
    );
  });

  it('repeat what nvidia-smi says when it fails', async () => {
    const stdout =
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n";
    const findings = await findingsOf({ files: nodes, commands: says(stdout, 'exit code 9') });
    const { state, detail, remedy } = only(findings, nvidia);
    assert.equal(state, 'failed');
    assert.equal(detail, `nvidia-smi: exit code 9: ${stdout.trim()}`);
    assert.match(remedy!, /driver/);
    const none = await findingsOf({ commands: says('No devices were found\n') });
    assert.equal(only(none, nvidia).state, 'failed');
  });

  it('warn of a GPU without nvidia-smi', async () => {
    const { state, detail } = only(await findingsOf({ files: nodes }), nvidia);
    assert.equal(state, 'warning');
    assert.equal(detail, '/dev/nvidia0, /dev/nvidiactl, but no nvidia-smi');
  });

  it('leave out what other systems do not have', async () => {
    assert.deepEqual(await findingsOf({ platform: 'darwin' }), []);
    const onWindows = await findingsOf({ platform: 'win32', commands: says('A, 1, 2 MiB') });
    assert.deepEqual(
      onWindows.map(({ what, state }) => [what, state]),
      [[nvidia, 'ok']],
    );
  });
});
