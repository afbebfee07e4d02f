/** Several things at a time, but not all. */

/**
 * @param signal when it is aborted, nothing new is begun
 * @returns the results in the order of the items
 */
export async function severalAtATime<Item, Result>(
  items: readonly Item[],
  jobs: number,
  signal: AbortSignal | undefined,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const rest = items.entries();
  const worker = async () => {
    for (const [index, item] of rest) {
      if (signal?.aborted) return;
      results[index] = await run(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, items.length) }, worker));
  return results;
}
