import assert from 'node:assert/strict';
import { gpuReport } from '../../../src/bench/gpu/report.js';
import type { GpuBenchResult } from '../../../src/bench/gpu/run.js';
import { ratioToTorch, summariseTimes } from '../../../src/bench/summary.js';
import type { Measurement } from '../../../src/bench/measure.js';
import { measurementOf } from '../../support/bench.js';

/** A task as the benchmark writes it. */
const taskOf = (...measurements: Measurement[]) => ({
  name: 'a',
  title: 'a task',
  measurements: measurements.map((one) => ({
    ...one,
    times: summariseTimes(one.milliseconds),
    ratioToTorch: ratioToTorch(one, measurements),
    queuedTimes: summariseTimes(one.queuedMilliseconds),
    queuedRatioToTorch: ratioToTorch(one, measurements, 'queuedMilliseconds'),
  })),
  agreements: [],
});

const resultOf = (values: Partial<GpuBenchResult>): GpuBenchResult => ({
  software: false,
  machine: {
    processor: 'a processor',
    cores: 2,
    memoryBytes: 1,
    system: 'linux x64',
    node: 'v0',
    load: 0.5,
    date: '2026-01-02T03:04:05.000Z',
  },
  gpus: [{ name: 'NVIDIA A', driver: '1.2.3', memory: '8 MiB' }],
  versions: { webgpu: '0.6.2' },
  revision: 'abc',
  adapter: null,
  steps: [{ name: 'verify', seconds: 2, state: 'failed', said: 'no end | within\n2 s' }],
  tests: null,
  tasks: [],
  absent: [],
  ...values,
});

const onGpu = { hardware: 'gpu nvidia', milliseconds: [6], queuedMilliseconds: [4] };
const webgpu = measurementOf({ ...onGpu, engine: 'webgpu' });
const row = (report: string, start: string) =>
  report.split('\n').find((line) => line.startsWith(start));

describe('the report of the benchmark on a GPU', () => {
  it('names the GPU, its driver and the date, and has a line for a step that failed', () => {
    const report = gpuReport(resultOf({}));
    assert.match(report, /^### Measured on NVIDIA A, driver 1\.2\.3, 2026-01-02\n/);
    assert.equal(row(report, '| verify'), '| verify | failed | 2 | no end \\| within 2 s |');
    assert.doesNotMatch(report, /software/);
  });

  it('has single and queued steps with their ratios to PyTorch on the same GPU', () => {
    const torch = { hardware: 'gpu nvidia', milliseconds: [3], queuedMilliseconds: [1] };
    const task = taskOf(measurementOf({ ...torch, engine: 'PyTorch cuda' }), webgpu);
    const report = gpuReport(resultOf({ tasks: [task] }));
    assert.equal(
      row(report, '| (a) | webgpu'),
      '| (a) | webgpu | gpu nvidia | 6.00 (6.00 – 6.00) | 2.00 | 4.00 (4.00 – 4.00) | 4.00 | 0 + 1 | – | – |',
    );
  });

  it('has no ratio where PyTorch ran on the CPU alone, and names what is absent', () => {
    const torch = measurementOf({ engine: 'PyTorch', milliseconds: [60] });
    const absent = [{ name: 'PyTorch cuda', threads: 1, reason: 'built without CUDA' }];
    const report = gpuReport(resultOf({ tasks: [taskOf(torch, webgpu)], absent }));
    assert.match(row(report, '| (a) | webgpu')!, /6\.00 – 6\.00\) \| – \| 4\.00 .* \| – \|/);
    assert.match(report, /^- PyTorch cuda is absent: built without CUDA$/m);
  });

  it('names failed and skipped tests, and an engine that failed', () => {
    const failing = measurementOf({ engine: 'webgpu', error: 'the device is lost' });
    const tests = { passed: 3, failed: ['one'], skipped: ['another'] };
    const report = gpuReport(resultOf({ tasks: [taskOf(failing)], tests }));
    assert.match(report, /^- failed test: one\n- skipped test: another$/m);
    assert.match(row(report, '| (a) | webgpu')!, /failed: the device is lost/);
  });

  it('lists the kernels that took most, and sums the others', () => {
    const byKernel = Array.from({ length: 17 }, (_, index) => ({
      name: `K${index}`,
      calls: 2,
      milliseconds: index,
    }));
    const counts = { milliseconds: 200, kernels: 34, peakTensors: 1, peakBytes: 1 };
    const task = taskOf({ ...webgpu, profile: { ...counts, byKernel } });
    const report = gpuReport(resultOf({ tasks: [task] }));
    const lines = report.slice(report.indexOf('#### Kernels of (a), webgpu')).split('\n');
    assert.ok(lines.includes('| K16 | 2 | 16.00 |') && lines.includes('| K2 | 2 | 2.00 |'));
    assert.ok(lines.includes('| 2 others | 4 | 1.00 |'), '0 and 1 ms');
  });

  it('says software in every heading where no GPU computed', () => {
    const software = measurementOf({
      engine: 'webgpu',
      hardware: 'software',
      milliseconds: [1000],
      profile: { milliseconds: 1, kernels: 1, peakTensors: 1, peakBytes: 1, byKernel: [] },
    });
    const report = gpuReport(resultOf({ software: true, tasks: [taskOf(software)] }));
    const headings = report.split('\n').filter((line) => line.startsWith('#'));
    assert.equal(headings.length, 4);
    for (const heading of headings) assert.match(heading, /software: no GPU has computed this/);
    assert.doesNotMatch(headings[0]!, /NVIDIA/);
  });
});
