/** Which metrics a task is measured by. */
import type { Task } from '../data/dataset.js';
import { classificationMetrics, type Metric } from './metrics.js';
import { segmentationMetrics } from './segmentationMetrics.js';
import { sentimentMetrics } from './sentimentMetrics.js';

const byTask = {
  classification: classificationMetrics,
  regression: sentimentMetrics,
  segmentation: segmentationMetrics,
} as const satisfies Record<Task, unknown>;

/** The metrics of a task, the primary one first; the numbers that are regressed here are sentiments. */
export function metricsOf(task: Task = 'classification'): readonly [Metric, ...Metric[]] {
  return byTask[task];
}

/**
 * The task that all of these have.
 *
 * @throws Error naming two of which one is a classification and the other a regression
 */
export function commonTask(named: readonly { name: string; task: Task }[]): Task | undefined {
  const [first] = named;
  const other = named.find(({ task }) => task !== first!.task);
  if (!other) return first?.task;
  throw new Error(
    `${first!.name} is a ${first!.task} and ${other.name} a ${other.task}: they have no metric in common`,
  );
}
