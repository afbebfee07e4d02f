/**
 * Threefry-2x32 with 13 rounds (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"):
 * two random words of 32 bits as a function of a key and a counter. Nothing is carried on from one to the next, so
 * that any of them can be had at any time, in any order and on any machine.
 */

/** Two words of 32 bits; signed or not makes no difference. */
export type Words = readonly [number, number];

/** After how many rounds no weakness is known, by the authors' tests */
export const rounds = 13;

/** By how many bits the second word is turned in each round, over and over */
export const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** What makes the third word of the key from the two others */
export const parity = 0x1bd11bda;

/**
 * @param words what the two are written into
 */
export function threefry([key0, key1]: Words, [counter0, counter1]: Words, words: Int32Array) {
  const schedule = [key0, key1, parity ^ key0 ^ key1];
  let x = (counter0 + key0) | 0;
  let y = (counter1 + key1) | 0;
  for (let round = 0; round < rounds; round++) {
    const turn = rotations[round % rotations.length]!;
    x = (x + y) | 0;
    y = ((y << turn) | (y >>> (32 - turn))) ^ x;
    if (round % 4 < 3) continue;
    const times = (round + 1) / 4;
    x = (x + schedule[times % 3]!) | 0;
    y = (y + schedule[(times + 1) % 3]! + times) | 0;
  }
  words[0] = x;
  words[1] = y;
}
