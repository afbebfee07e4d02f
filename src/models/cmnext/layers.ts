/**
 * The layers of CMNeXt in the order in which they are used: what each is called here and in the public code, DELIVER,
 * and how large it is. Parameters are declared and weights are read by this one list.
 */
import {
  auxiliaryMlpRatios,
  auxiliaryOf,
  stages,
  trunkMlpRatio,
  type CmnextConfig,
  type Stage,
} from './config.js';

export type Layer = { readonly name: string; readonly theirs: string } & (
  | {
      /** Of a linear map; `pointwise` is a convolution of 1 × 1 there, `patches` one of patches that do not overlap */
      readonly kind: 'linear' | 'pointwise' | 'patches';
      readonly inputs: number;
      readonly outputs: number;
      readonly bias: boolean;
      /** Of a patch; 1 for the others */
      readonly size: number;
    }
  | {
      readonly kind: 'convolution';
      readonly inputs: number;
      readonly outputs: number;
      readonly size: number;
    }
  | { readonly kind: 'depthwise'; readonly width: number; readonly size: number }
  | { readonly kind: 'layerNorm' | 'batchNorm' | 'scale'; readonly width: number }
  /** Three weights over neighbouring channels */
  | { readonly kind: 'overChannels' }
);

/** A layer without its names */
type Unnamed = Layer extends infer Each
  ? Each extends Layer
    ? Omit<Each, 'name' | 'theirs'>
    : never
  : never;

/** Adds a layer under a name and a name there. */
type Add = (name: string, theirs: string, layer: Unnamed) => void;

const linear = (inputs: number, outputs: number, bias = true) =>
  ({ kind: 'linear', inputs, outputs, bias, size: 1 }) as const;
const pointwise = (inputs: number, outputs: number, bias = true) =>
  ({ kind: 'pointwise', inputs, outputs, bias, size: 1 }) as const;
const depthwise = (width: number, size = 3) => ({ kind: 'depthwise', width, size }) as const;
const layerNorm = (width: number) => ({ kind: 'layerNorm', width }) as const;
const batchNorm = (width: number) => ({ kind: 'batchNorm', width }) as const;
const scale = (width: number) => ({ kind: 'scale', width }) as const;

export function cmnextLayers(config: CmnextConfig): Layer[] {
  const layers: Layer[] = [];
  const under =
    (ours: string, theirs: string): Add =>
    (name, part, layer) => {
      layers.push({ name: `${ours}.${name}`, theirs: `${theirs}.${part}`, ...layer });
    };
  for (const stage of stages) {
    addTrunk(config, stage, under(`trunk.${stage + 1}`, 'backbone'));
    if (auxiliaryOf(config).length === 0) continue;
    addAuxiliary(config, stage, under(`auxiliary.${stage + 1}`, 'backbone'));
    addRectification(config, stage, under(`rectify.${stage + 1}`, `backbone.FRMs.${stage}`));
    addFusion(config, stage, under(`fuse.${stage + 1}`, `backbone.FFMs.${stage}`));
  }
  addHead(config, under('head', 'decode_head'));
  return layers;
}

/** The convolution before a stage: from colours in windows of 7 × 7, then from the stage before in 3 × 3 */
const embedding = ({ embedDims }: CmnextConfig, stage: Stage) =>
  ({
    kind: 'convolution',
    inputs: stage === 0 ? 3 : embedDims[stage - 1]!,
    outputs: embedDims[stage],
    size: stage === 0 ? 7 : 3,
  }) as const;

function addTrunk(config: CmnextConfig, stage: Stage, add: Add): void {
  const { embedDims, depths, srRatios } = config;
  const [d, n] = [embedDims[stage], stage + 1];
  add('embed.convolution', `patch_embed${n}.proj`, embedding(config, stage));
  add('embed.norm', `patch_embed${n}.norm`, layerNorm(d));
  for (let block = 0; block < depths[stage]; block++) {
    const part = (name: string, theirs: string, layer: Unnamed) => {
      add(`blocks.${block}.${name}`, `block${n}.${block}.${theirs}`, layer);
    };
    part('attentionNorm', 'norm1', layerNorm(d));
    part('attention.query', 'attn.q', linear(d, d));
    if (srRatios[stage] > 1) {
      const patches = { kind: 'patches', inputs: d, outputs: d, bias: true } as const;
      part('attention.reduction', 'attn.sr', { ...patches, size: srRatios[stage] });
      part('attention.reductionNorm', 'attn.norm', layerNorm(d));
    }
    part('attention.keyValue', 'attn.kv', linear(d, 2 * d));
    part('attention.output', 'attn.proj', linear(d, d));
    part('mlpNorm', 'norm2', layerNorm(d));
    part('mlp.hidden', 'mlp.fc1', linear(d, trunkMlpRatio * d));
    part('mlp.depthwise', 'mlp.dwconv.dwconv', depthwise(trunkMlpRatio * d));
    part('mlp.output', 'mlp.fc2', linear(trunkMlpRatio * d, d));
  }
  add('norm', `norm${n}`, layerNorm(d));
}

function addAuxiliary(config: CmnextConfig, stage: Stage, add: Add): void {
  const { embedDims, depths } = config;
  const names = auxiliaryOf(config);
  const [d, n] = [embedDims[stage], stage + 1];
  const hidden = auxiliaryMlpRatios[stage] * d;
  const embed = `extra_downsample_layers.${stage}`;
  add('embed.convolution', `${embed}.proj.module`, embedding(config, stage));
  names.forEach((name, place) => {
    add(`embed.norm.${name}`, `${embed}.norm.ln_${place}`, layerNorm(d));
  });
  if (names.length > 1) {
    names.forEach((name, place) => {
      const theirs = `extra_score_predictor.${stage}.score_nets.${place}`;
      add(`score.${name}.depthwise`, `${theirs}.0`, depthwise(d));
      add(`score.${name}.output`, `${theirs}.1`, pointwise(d, 1));
    });
  }
  for (let block = 0; block < depths[stage]; block++) {
    const part = (name: string, theirs: string, layer: Unnamed) => {
      add(`blocks.${block}.${name}`, `extra_block${n}.${block}.${theirs}`, layer);
    };
    part('poolingNorm', 'norm1', batchNorm(d));
    part('pooling.depthwise', 'attn.conv0', depthwise(d, 7));
    part('pooling.output', 'attn.conv4', pointwise(d, d));
    part('poolingScale', 'layer_scale_1', scale(d));
    part('channels', 'c_nets.0', { kind: 'overChannels' });
    part('mlpNorm', 'norm2', batchNorm(d));
    part('mlp.hidden', 'mlp.fc1', pointwise(d, hidden));
    part('mlp.depthwise', 'mlp.dwconv.dwconv', depthwise(hidden));
    part('mlp.output', 'mlp.fc2', pointwise(hidden, d));
    part('mlpScale', 'layer_scale_2', scale(d));
  }
  add('norm', `extra_norm${n}`, layerNorm(d));
}

function addRectification({ embedDims }: CmnextConfig, stage: Stage, add: Add): void {
  const d = embedDims[stage];
  add('channels.hidden', 'channel_weights.mlp.0', linear(4 * d, 4 * d));
  add('channels.output', 'channel_weights.mlp.2', linear(4 * d, 2 * d));
  add('cells.hidden', 'spatial_weights.mlp.0', pointwise(2 * d, d));
  add('cells.output', 'spatial_weights.mlp.2', pointwise(d, 2));
}

/** The two sides that fuse, by what they are called here and in names there */
export const sides = [
  ['trunk', 1],
  ['auxiliary', 2],
] as const;

function addFusion({ embedDims }: CmnextConfig, stage: Stage, add: Add): void {
  const d = embedDims[stage];
  for (const [side, n] of sides) {
    add(`${side}.input`, `cross.channel_proj${n}`, linear(d, 2 * d));
    add(`${side}.keyValue`, `cross.cross_attn.kv${n}`, linear(d, 2 * d, false));
    add(`${side}.output`, `cross.end_proj${n}`, linear(2 * d, d));
    add(`${side}.norm`, `cross.norm${n}`, layerNorm(d));
  }
  add('merge.residual', 'channel_emb.residual', pointwise(2 * d, d, false));
  add('merge.hidden', 'channel_emb.channel_embed.0', pointwise(2 * d, d));
  add('merge.depthwise', 'channel_emb.channel_embed.1', depthwise(d));
  add('merge.output', 'channel_emb.channel_embed.3', pointwise(d, d));
  add('merge.outputNorm', 'channel_emb.channel_embed.4', batchNorm(d));
  add('merge.norm', 'channel_emb.norm', batchNorm(d));
}

function addHead({ embedDims, decoderDim, classes }: CmnextConfig, add: Add): void {
  embedDims.forEach((d, stage) => {
    add(`stage.${stage + 1}`, `linear_c${stage + 1}.proj`, linear(d, decoderDim));
  });
  add('merge', 'linear_fuse.conv', pointwise(stages.length * decoderDim, decoderDim, false));
  add('norm', 'linear_fuse.bn', batchNorm(decoderDim));
  add('output', 'linear_pred', pointwise(decoderDim, classes));
}
