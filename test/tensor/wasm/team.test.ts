import assert from 'node:assert/strict';
import { tf } from '../../../src/tensor/tf.js';
import { Team } from '../../../src/tensor/wasm/team.js';

describe('the memory of the wasm backend', () => {
  let team: Team;
  before(() => {
    team = Team.of(tf.backend());
  });
  const gibibytes = (count: number) => [(count * 2 ** 30) / 4];

  it('is refused by name where there is none left, and everything goes on', async () => {
    // Nothing is written into it, so that it takes no memory of the machine.
    const most = team.output(gibibytes(3));
    const message =
      /^wasm: no memory for 3072 MiB more, its memory has grown to \d+ MiB; take small/;
    assert.throws(() => team.output(gibibytes(3)), { message });
    assert.throws(() => team.output(gibibytes(1.5)), { message: /no memory for 1536 MiB more/ });
    tf.backend().disposeData(most.dataId);
    assert.deepEqual([...(await tf.add([1, 2], [3, 4]).data())], [4, 6]);
  });

  it('is refused where a size would wrap around', () => {
    for (const count of [4 - 2 ** -22, 4, 5]) {
      assert.throws(() => team.output(gibibytes(count)), { message: /^wasm: no memory for / });
    }
  });
});
