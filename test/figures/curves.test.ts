import assert from 'node:assert/strict';
import { lossCurves, lossOf, rateCurves, validationCurves } from '../../src/figures/curves.js';
import type { TrainingRecord } from '../../src/training/train.js';

const record = (step: number, losses: Record<string, number>): TrainingRecord => ({
  step,
  learningRate: step / 10,
  losses,
});
const plain = { name: 'plain', records: [3, 1, 2].map((total, step) => record(step, { total })) };
const aligned = {
  name: 'aligned',
  records: [
    record(0, { total: 9, task: 4, alignment: 5 }),
    record(1, { total: 7, task: 6, alignment: 1 }),
  ],
};

/** The points of each line. */
const pointsOf = ({ data }: ReturnType<typeof lossCurves>) =>
  data.map(({ name, x, y }) => [name, x, y]);

describe('curves', () => {
  it('the task loss of a step is its total where nothing is aligned', () => {
    assert.equal(lossOf(plain.records[0]!), 3);
    assert.equal(lossOf(aligned.records[0]!), 4);
    assert.equal(lossOf(plain.records[0]!, 'alignment'), undefined);
  });

  it('of losses are means of the steps before, beside levels', () => {
    const figure = lossCurves([plain, aligned], { title: 'T', window: 2, levels: { bar: 1.5 } });
    assert.deepEqual(pointsOf(figure), [
      ['plain', [0, 1, 2], [3, 2, 1.5]],
      ['aligned', [0, 1], [4, 5]],
      ['bar', [0, 2], [1.5, 1.5]],
    ]);
    assert.deepEqual((figure.layout.yaxis as { title: object }).title, {
      text: 'task loss, mean of 2 steps',
    });
  });

  it('of a loss are those of the trainings that have it', () => {
    const figure = lossCurves([plain, aligned], { title: 'T', window: 1, loss: 'alignment' });
    assert.deepEqual(pointsOf(figure), [['aligned', [0, 1], [5, 1]]]);
  });

  it('of long trainings keep their first and last steps, and few between', () => {
    const long = {
      name: 'long',
      records: Array.from({ length: 12_345 }, (_, step) => record(step, { total: step })),
    };
    for (const figure of [lossCurves([long], { title: 'T', window: 1 }), rateCurves([long], 'T')]) {
      const x = figure.data[0]!.x as number[];
      assert.ok(x.length > 500 && x.length <= 1001, `${x.length}`);
      assert.equal(x[0], 0);
      assert.equal(x.at(-1), Number((12_344).toPrecision(4)));
    }
  });

  it('of learning rates and validations are as they were', () => {
    assert.deepEqual(pointsOf(rateCurves([plain], 'T')), [['plain', [0, 1, 2], [0, 0.1, 0.2]]]);
    const validated = {
      name: 'v',
      validations: [
        { step: 5, loss: 2 },
        { step: 9, loss: 1 },
      ],
    };
    assert.deepEqual(pointsOf(validationCurves([validated], 'T')), [['v', [5, 9], [2, 1]]]);
  });
});
