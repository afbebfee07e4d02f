/** The one door to the library: what notebooks and users import as `mmp`. */
export { tf } from './tensor/tf.js';
export { describeBackend, useBackend } from './tensor/backend.js';
export { stream } from './tensor/random.js';
export { Parameters } from './tensor/parameters.js';
export { gelu } from './tensor/activations.js';
export { dropout } from './tensor/dropout.js';

export { splitModalities, sampleMasked, groupByMasked, type MaskingPolicy } from './mmp/masking.js';
export { resolveConfig, type MmpConfig } from './mmp/config.js';
export { aggregate, toCommonWidth } from './mmp/aggregate.js';
export { relate } from './mmp/relate.js';
export { refine } from './mmp/refine.js';
export { concatenate, project } from './mmp/project.js';
export { alignmentLoss, smoothL1, totalLoss } from './mmp/align.js';
export { Mmp, projectedTokens, type MmpParts } from './mmp/mmp.js';
export { complete, completeEach } from './mmp/complete.js';
export type { Projector } from './mmp/projector.js';

export { namesOf, type BaseNetwork, type Inputs, type Tokens } from './models/base.js';
export { SmallVilt, type SmallViltConfig } from './models/smallVilt.js';
export { viltBase, type ViltConfig } from './models/vilt/config.js';
export type { Prompts } from './models/vilt/blocks.js';
export { viltFromHuggingFace } from './models/vilt/huggingFaceConfig.js';
export { Vilt, type Encoded } from './models/vilt/vilt.js';
export { huggingFaceWeights, loadViltWeights, type LoadedWeights } from './models/vilt/weights.js';
export { multMosi, type MultConfig, type MultDropout } from './models/mult/config.js';
export { multFromMmsa } from './models/mult/mmsaConfig.js';
export { sentimentModalities } from './models/sentimentModalities.js';
export { Mult, type MultStreams } from './models/mult/mult.js';
export { loadMultWeights, mmsaWeights } from './models/mult/weights.js';
export { lmfFromMmsa, tfnFromMmsa } from './models/fusionMmsaConfig.js';
export { Tfn, tfnMosi, type TfnConfig } from './models/tfn.js';
export { Lmf, lmfMosi, type LmfConfig } from './models/lmf.js';
export {
  loadLmfWeights,
  loadTfnWeights,
  mmsaLmfWeights,
  mmsaTfnWeights,
} from './models/fusionWeights.js';
export {
  cmnextBackbones,
  cmnextFromDeliver,
  type CmnextBackbone,
  type CmnextConfig,
} from './models/cmnext/config.js';
export { Cmnext, type CmnextFused } from './models/cmnext/cmnext.js';
export { cmnextShapes } from './models/cmnext/parameters.js';
export { isRunningStatistic } from './tensor/batchNorm.js';
export { deliverWeights, loadCmnextWeights, loadTrunkWeights } from './models/cmnext/weights.js';
export { withParameters } from './models/withParameters.js';
export { Adaptation, type AdaptationConfig } from './baselines/adaptation.js';
export { blank } from './baselines/modalityDropout.js';
export { LinearProjection } from './baselines/linearProjection.js';
export { MissingAwarePrompts } from './baselines/missingAwarePrompts.js';

export {
  ignoredLabel,
  ShuffledBatches,
  type Dataset,
  type SegmentationDataset,
} from './data/dataset.js';
export { labelled } from './data/labelled.js';
export { loadEmoji, type EmojiDataset } from './data/emoji/emoji.js';
export { loadEmojiPairs, type EmojiPairs } from './data/emoji/emojiPairs.js';
export { sceneClasses, scenePalette } from './data/scenes/classes.js';
export { modalityPicture } from './data/scenes/pictures.js';
export { sceneModalities, type RenderedScene, type SceneModality } from './data/scenes/render.js';
export { generateScenes, type SceneDataset, type SceneOptions } from './data/scenes/scenes.js';
export { sceneStatistics, type SceneStatistics } from './data/scenes/statistics.js';
export { bestGuess, ceilingOf, posteriorOf, type Ceiling } from './data/sentiment/bayes.js';
export { generateSentiment, type GeneratedSentiment } from './data/sentiment/generated.js';
export { affectProbabilities, sentiments } from './data/sentiment/process.js';
export { SequenceDataset } from './data/sentiment/sequences.js';
export { readSafetensors } from './files/safetensors.js';
export { readVocabulary, WordPiece } from './data/text/wordPiece.js';
export { loadFood101, type Food101Dataset } from './data/food101/food101.js';
export { checkMosi, type MosiReport } from './data/mosi/check.js';
export { loadMosi } from './data/mosi/mosi.js';
export { checkFmb, loadFmb, type FmbOptions } from './data/fmb/fmb.js';
export { checkMcubes, loadMcubes, type McubesOptions } from './data/mcubes/mcubes.js';
export { checkNyudv2, loadNyudv2, type Nyudv2Options } from './data/nyudv2/nyudv2.js';
export type { SegmentationReport } from './data/segmentation/check.js';
export type { ImageFilesDataset, Palette } from './data/segmentation/dataset.js';
export { readNpy } from './files/npy.js';

export { AdamW } from './training/adamw.js';
export { clipByGlobalNorm, clipByValue } from './training/clipping.js';
export { crossEntropy } from './training/crossEntropy.js';
export { ohemCrossEntropy } from './training/ohem.js';
export { Plateau } from './training/plateau.js';
export { l1Loss, smoothL1Loss } from './training/regression.js';
export { readRun } from './training/runs.js';
export { constant, warmupLinear, warmupPolynomial } from './training/schedule.js';
export { train, type TrainingRecord } from './training/train.js';
export { updateParameters } from './training/update.js';

export {
  accuracy,
  accuracyByScenario,
  meanOverMissing,
  predictLogits,
  predictLogitsEach,
} from './evaluation/accuracy.js';
export { cosineSimilarity, meanSquaredError, similarityByClass } from './evaluation/alignment.js';
export { meanOverHeads } from './evaluation/attention.js';
export { bootstrapInterval } from './evaluation/bootstrap.js';
export { evaluateScenarios, type EvaluationOptions } from './evaluation/evaluate.js';
export type { Evaluation } from './evaluation/evaluation.js';
export { evaluationFigure, evaluationReport } from './evaluation/evaluationReport.js';
export {
  balancedAccuracy,
  meanCrossEntropy,
  measure,
  topAccuracy,
  type Metric,
} from './evaluation/metrics.js';
export {
  acc5,
  acc7,
  correlation,
  has0Accuracy,
  has0F1,
  meanAbsoluteError,
  non0Accuracy,
  non0F1,
  sentimentMetrics,
} from './evaluation/sentimentMetrics.js';
export { metricsOf } from './evaluation/taskMetrics.js';
export {
  iouByClass,
  meanIou,
  meanIouOfPresent,
  segmentationMetrics,
} from './evaluation/segmentationMetrics.js';
export { contributionsIn } from './evaluation/contributions.js';
export {
  meanTokens,
  referenceErrors,
  tokenErrors,
  type ReferenceErrors,
  type TokenError,
} from './evaluation/tokenErrors.js';
export { drawMissing, missingTable, paperTables, parseTable } from './evaluation/missingTables.js';
export { multiScalePredictor, type MultiScale } from './evaluation/multiScale.js';
export { basePredictor, completedTokens, mmpPredictor } from './evaluation/predictors.js';
export { allScenarios, scenarioOf } from './evaluation/scenarios.js';
export { summarise } from './evaluation/statistics.js';

export { baseLosses, mmpLosses } from './experiments/objectives.js';
export {
  emojiBase,
  emojiMethods,
  emojiMmp,
  emojiSettings,
  type EmojiSettings,
} from './experiments/emoji.js';
export { loadData, loadModel, predictorOf, type Model } from './experiments/model.js';
export { resolveRun, type RunConfig, type RunOptions } from './experiments/config.js';
export { trainRun, type TrainedRun } from './experiments/trainRun.js';
export { emojiRun, trainSeeds } from './sweep/seeds.js';
export { projectSweep, shortened } from './sweep/sweepFile.js';
export { trainSweep } from './sweep/trainSweep.js';

export { bars } from './figures/bars.js';
export { lossCurves } from './figures/curves.js';
export { heatmap } from './figures/heatmap.js';
export { classImage, images, type Colour } from './figures/images.js';
export { lines, smoothed } from './figures/lines.js';
export { points } from './figures/points.js';

export { budget, openNotebook } from './notebook/open.js';
export { exercise } from './notebook/exercises.js';
export { assertSame } from './notebook/parity.js';
export { LiveCurves } from './notebook/liveCurves.js';
export { memory } from './notebook/memory.js';
export { Progress } from './notebook/progress.js';
export { report } from './notebook/report.js';
export { LiveFigure, pictures, show } from './notebook/show.js';
export { table } from './notebook/table.js';
export { track } from './notebook/track.js';
export { watchRun } from './notebook/watchRun.js';
export { interruption, throwIfInterrupted } from './interruption.js';
