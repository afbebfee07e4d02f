import assert from 'node:assert/strict';
import { expectShapes } from '../../src/tensor/shapes.js';

describe('expectShapes', () => {
  const shaped = (...shape: number[]) => ({ shape });

  it('binds letters', () => {
    const axes = expectShapes('f', { x: [shaped(2, 3), 'B N'], y: [shaped(3, 4), 'N 4'] });
    assert.deepEqual({ ...axes }, { B: 2, N: 3, 4: 4 });
  });

  const refusals: [string, Parameters<typeof expectShapes>, RegExp][] = [
    [
      'another rank',
      ['f', { x: [shaped(2, 3), 'B N d'] }],
      /f: x must be \[B, N, d\], got \[2, 3\]/,
    ],
    ['another size', ['f', { x: [shaped(2, 3), 'B 4'] }], /f: x must be \[B, 4\], got \[2, 3\]/],
    [
      'a letter bound before',
      ['f', { x: [shaped(2, 3), 'B N'], y: [shaped(2, 5), 'B N'] }],
      /f: y must be \[B=2, N=3\], got \[2, 5\]/,
    ],
    ['a letter bound by the caller', ['f', { x: [shaped(2), 'B'] }, { B: 9 }], /x must be \[B=9\]/],
    [
      'a letter twice',
      ['f', { x: [shaped(2, 3), 'N N'] }],
      /x must have N=2 on axis 1, got \[2, 3\]/,
    ],
  ];
  for (const [name, parameters, message] of refusals) {
    it(`refuses ${name}`, () => {
      assert.throws(() => expectShapes(...parameters), message);
    });
  }
});
