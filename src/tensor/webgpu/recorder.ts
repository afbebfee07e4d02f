/**
 * Records our compute shaders into the command stream of TF.js's webgpu backend. TF.js makes a uniform buffer,
 * a bind group and several strings for each call; here bind groups are kept, and all arguments between two
 * submissions go to the GPU in one write.
 */
import * as tf from '@tensorflow/tfjs';
import { codeOf, type Shader } from './shader.js';

export interface Call {
  /** Those of `reads` and `writes`, in order */
  readonly tensors: readonly tf.TensorInfo[];
  readonly integers: readonly number[];
  readonly reals: readonly number[];
  readonly groups: readonly [number, number, number];
}

/** What a call's arguments take up in the buffer, in bytes: WebGPU's alignment of such offsets. */
const slotBytes = 256;
const slots = 256;

/** When there are so many bind groups, all are forgotten: shapes must have changed many times. */
const mostBindGroups = 20_000;

/** The parts of TF.js's backend that are used here; its types hide some of them. */
export interface BackendParts {
  readonly device: GPUDevice;
  readonly queue: GPUQueue;
  readonly tensorMap: { get(dataId: object): { resource?: GPUBuffer; values: unknown } };
  readonly commandQueueOwnedIds: WeakSet<object>;
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  readonly activeTimers: { name: string; query: Promise<number> }[] | null | undefined;
  readonly supportTimestampQuery: boolean;
  querySet: GPUQuerySet | null;
  readonly querySetCount: number;
  readonly bufferManager: BufferManager;
  uploadToGPU(dataId: object): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  getQueryTime(): Promise<number>;
  makeTensorInfo(shape: number[], dtype: tf.DataType, values?: Float32Array): tf.TensorInfo;
  disposeData(dataId: object): boolean;
  refCount(dataId: object): number;
  incRef(dataId: object): void;
}

/** TF.js's store of buffers that are free to be used again, by size and usage */
interface BufferManager {
  readonly freeBuffers: Map<string, GPUBuffer[]>;
  acquireBuffer(size: number, usage: number, mapped?: boolean, reuse?: boolean): GPUBuffer;
}

interface Pipeline {
  readonly compute: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly layoutName: string;
}

export class Recorder {
  private readonly pipelines = new Map<string, Pipeline>();
  private readonly layouts = new Map<string, GPUBindGroupLayout>();
  private readonly bindGroups = new Map<string, GPUBindGroup>();
  private readonly bufferNumbers = new WeakMap<GPUBuffer, number>();
  private buffers = 0;
  private readonly uniforms: GPUBuffer;
  private readonly words = new ArrayBuffer(slotBytes * slots);
  private readonly integers = new Int32Array(this.words);
  private readonly reals = new Float32Array(this.words);
  private usedSlots = 0;

  constructor(private readonly backend: BackendParts) {
    this.uniforms = backend.device.createBuffer({
      size: slotBytes * slots,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    chooseBuffersInOrder(backend.bufferManager, (buffer) => this.numberOf(buffer));
    // Whoever submits, TF.js or this: the arguments go first.
    const submit = backend.submitQueue.bind(backend);
    backend.submitQueue = () => {
      this.writeArguments();
      submit();
    };
  }

  /** Puts a call into the stream; TF.js submits it with its own. */
  record(shader: Shader, { tensors, integers, reals, groups }: Call): void {
    const { backend } = this;
    const { compute, layout, layoutName } = this.pipelineOf(shader);
    // Before anything is noted of this call: what is submitted no longer owns its tensors.
    if (this.usedSlots === slots) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
    const buffers = tensors.map(({ dataId }, place) => {
      backend.uploadToGPU(dataId);
      const data = backend.tensorMap.get(dataId);
      // TF.js keeps what it has read of a tensor; of one that is changed in place that is out of date.
      if (place >= shader.reads.length) data.values = null;
      // Until the stream is submitted, TF.js gives the memory of a disposed tensor to no other.
      backend.commandQueueOwnedIds.add(dataId);
      return data.resource!;
    });
    const slot = this.usedSlots++;
    this.integers.set(integers, (slot * slotBytes) / 4);
    this.reals.set(reals, (slot * slotBytes) / 4 + integers.length);

    backend.ensureCommandEncoderReady();
    const { activeTimers } = backend;
    if (activeTimers) this.beginTimedPass();
    backend.computePassEncoder ??= backend.commandEncoder!.beginComputePass();
    const pass = backend.computePassEncoder;
    pass.setPipeline(compute);
    pass.setBindGroup(0, this.bindGroupOf(layout, layoutName, buffers), [slot * slotBytes]);
    pass.dispatchWorkgroups(...groups);
    backend.dispatchCountInPass++;
    if (activeTimers) {
      backend.endComputePassEncoder();
      activeTimers.push({ name: shader.name, query: backend.getQueryTime() });
    } else if (
      backend.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')
    ) {
      backend.endComputePassEncoder();
      backend.submitQueue();
    }
  }

  private writeArguments(): void {
    if (this.usedSlots === 0) return;
    this.backend.queue.writeBuffer(this.uniforms, 0, this.words, 0, this.usedSlots * slotBytes);
    this.usedSlots = 0;
  }

  /** A pass of its own, with the times of its begin and end, as TF.js's profile wants it. */
  private beginTimedPass(): void {
    const { backend } = this;
    backend.endComputePassEncoder();
    if (!backend.supportTimestampQuery) return;
    backend.querySet ??= backend.device.createQuerySet({
      type: 'timestamp',
      count: backend.querySetCount,
    });
    backend.computePassEncoder = backend.commandEncoder!.beginComputePass({
      timestampWrites: {
        querySet: backend.querySet,
        beginningOfPassWriteIndex: 0,
        endOfPassWriteIndex: 1,
      },
    });
  }

  private bindGroupOf(
    layout: GPUBindGroupLayout,
    layoutName: string,
    buffers: readonly GPUBuffer[],
  ): GPUBindGroup {
    const key = `${layoutName}:${buffers.map((buffer) => this.numberOf(buffer)).join()}`;
    let bindGroup = this.bindGroups.get(key);
    if (!bindGroup) {
      const resources = [
        ...buffers.map((buffer) => ({ buffer })),
        { buffer: this.uniforms, size: slotBytes },
      ];
      bindGroup = this.backend.device.createBindGroup({
        layout,
        entries: resources.map((resource, binding) => ({ binding, resource })),
      });
      if (this.bindGroups.size >= mostBindGroups) this.bindGroups.clear();
      this.bindGroups.set(key, bindGroup);
    }
    return bindGroup;
  }

  private numberOf(buffer: GPUBuffer): number {
    let number = this.bufferNumbers.get(buffer);
    if (number === undefined) {
      number = this.buffers++;
      this.bufferNumbers.set(buffer, number);
    }
    return number;
  }

  private pipelineOf(shader: Shader): Pipeline {
    let pipeline = this.pipelines.get(shader.name);
    if (!pipeline) {
      const { device } = this.backend;
      const layoutName = `${shader.reads.length}/${shader.writes.length}`;
      const layout = this.layoutOf(layoutName, shader);
      const compute = device.createComputePipeline({
        label: shader.name,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: {
          module: device.createShaderModule({ label: shader.name, code: codeOf(shader) }),
        },
      });
      pipeline = { compute, layout, layoutName };
      this.pipelines.set(shader.name, pipeline);
    }
    return pipeline;
  }

  private layoutOf(name: string, { reads, writes }: Shader): GPUBindGroupLayout {
    let layout = this.layouts.get(name);
    if (!layout) {
      const buffers: GPUBufferBindingLayout[] = [
        ...reads.map(() => ({ type: 'read-only-storage' }) as const),
        ...writes.map(() => ({ type: 'storage' }) as const),
        { type: 'uniform', hasDynamicOffset: true },
      ];
      layout = this.backend.device.createBindGroupLayout({
        entries: buffers.map((buffer, binding) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer,
        })),
      });
      this.layouts.set(name, layout);
    }
    return layout;
  }
}

/**
 * Of several free buffers TF.js takes the one that became free last, which shuffles them from step to step. Here
 * it is the oldest: the same step then has the same buffers, and its bind groups are there already.
 */
function chooseBuffersInOrder(
  manager: BufferManager,
  numberOf: (buffer: GPUBuffer) => number,
): void {
  const acquire = manager.acquireBuffer.bind(manager);
  manager.acquireBuffer = (size, usage, ...rest) => {
    const free = manager.freeBuffers.get(`${size}_${usage}`);
    if (free && free.length > 1) {
      let oldest = 0;
      for (let place = 1; place < free.length; place++) {
        if (numberOf(free[place]!) < numberOf(free[oldest]!)) oldest = place;
      }
      const last = free.length - 1;
      [free[oldest], free[last]] = [free[last]!, free[oldest]!];
    }
    return acquire(size, usage, ...rest);
  };
}
