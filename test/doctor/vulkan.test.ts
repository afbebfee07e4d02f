/** Vulkan's loader and drivers, on machines that lack one thing each. */
import assert from 'node:assert/strict';
import { vulkanFindings } from '../../src/doctor/vulkan.js';
import { probeOf, type Machine } from '../support/doctor.js';

describe('the findings about Vulkan', () => {
  const driver = (library: string) => JSON.stringify({ ICD: { library_path: library } });
  const system = '/usr/share/vulkan/icd.d/intel_icd.json';
  const files = {
    [system]: driver('/usr/lib/libvulkan_intel.so'),
    '/usr/lib/libvulkan_intel.so': '',
  };
  const ldconfig = (text: string) => ({ 'ldconfig -p': { stdout: `2 libs found\n${text}\n` } });
  const commands = ldconfig('\tlibvulkan.so.1 (libc6,x86-64) => /lib/x86_64/libvulkan.so.1');
  const brief = async (machine: Machine) =>
    (await vulkanFindings(probeOf(machine))).map(({ what, state, detail }) => [
      what,
      state,
      detail,
    ]);

  it('name the loader and the drivers', async () => {
    assert.deepEqual(await brief({ files, commands }), [
      ['Vulkan loader', 'ok', '/lib/x86_64/libvulkan.so.1'],
      ['Vulkan driver', 'ok', system],
    ]);
  });

  it('are two lacks, with remedies, where there is nothing', async () => {
    const findings = await vulkanFindings(probeOf({}));
    assert.deepEqual(
      findings.map(({ what, state }) => [what, state]),
      [
        ['Vulkan loader', 'missing'],
        ['Vulkan driver', 'missing'],
      ],
    );
    assert.match(findings[0]!.remedy!, /libvulkan1/);
    assert.match(findings[1]!.remedy!, /chromium/);
  });

  it('do not take a loader for another processor', async () => {
    const foreign = ldconfig('\tlibvulkan.so.1 (libc6) => /lib/i386/libvulkan.so.1');
    assert.equal((await brief({ files, commands: foreign }))[0]![1], 'missing');
    assert.equal((await brief({ files, commands, architecture: 'arm64' }))[0]![1], 'missing');
  });

  it('find ldconfig off the PATH, and libraries in LD_LIBRARY_PATH', async () => {
    const [ran] = Object.values(commands);
    assert.equal((await brief({ commands: { '/sbin/ldconfig -p': ran! } }))[0]![1], 'ok');
    const others = {
      files: { '/opt/libvulkan.so.1': '' },
      environment: { LD_LIBRARY_PATH: '/opt' },
    };
    assert.equal((await brief(others))[0]![2], '/opt/libvulkan.so.1');
  });

  it('read the drivers that the environment names, and no others', async () => {
    const named = {
      '/my/a.json': driver('./liba.so'),
      '/my/liba.so': '',
      '/my/b.json': driver('libb.so'),
    };
    for (const name of ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES']) {
      const machine = {
        files: { ...files, ...named },
        commands,
        environment: { [name]: '/my:/none.json' },
      };
      assert.deepEqual((await brief(machine)).slice(1), [
        ['Vulkan driver', 'ok', '/my/a.json'],
        ['Vulkan driver', 'failed', '/my/b.json: no library libb.so'],
        ['Vulkan driver', 'failed', '/none.json is not there'],
      ]);
    }
    const both = { VK_DRIVER_FILES: '/my/a.json', VK_ICD_FILENAMES: '/my/b.json' };
    const findings = await brief({ files: named, commands, environment: both });
    assert.deepEqual(findings.slice(1), [['Vulkan driver', 'ok', '/my/a.json']]);
  });

  it('know the drivers that ours adds: those that are there', async () => {
    const chromium = '/usr/lib/chromium/vk_swiftshader_icd.json';
    const added = {
      [chromium]: driver('./libvk_swiftshader.so'),
      '/usr/lib/chromium/libvk_swiftshader.so': '',
    };
    const findings = await brief({ files: { ...files, ...added }, commands });
    assert.deepEqual(
      findings.slice(1).map(([, state, detail]) => [state, detail]),
      [
        ['ok', chromium],
        ['ok', system],
      ],
    );
  });

  it('tell of driver files that are damaged', async () => {
    const findings = await brief({ files: { [system]: '{}' }, commands });
    assert.deepEqual(findings[1], ['Vulkan driver', 'failed', `${system} describes no driver`]);
  });

  it('are none on other systems', async () => {
    assert.deepEqual(await brief({ platform: 'darwin' }), []);
    assert.deepEqual(await brief({ platform: 'win32' }), []);
  });
});
