/**
 * The values of several generators, as they come; at most `limit` of them work at the same time, and each is one value ahead.
 * Where one throws, or the caller stops, all are ended, and `drop` gets each
 * value that comes all the same.
 */
export async function* inParallel<Value>(
  sources: Iterable<() => AsyncGenerator<Value>>,
  limit: number,
  drop: (value: Value) => void = () => {},
): AsyncGenerator<Value> {
  const iterator = sources[Symbol.iterator]();
  const next = new Map<
    AsyncGenerator<Value>,
    Promise<[AsyncGenerator<Value>, IteratorResult<Value>]>
  >();
  const ask = (source: AsyncGenerator<Value>) =>
    next.set(
      source,
      source.next().then((result) => [source, result]),
    );
  const begin = () => {
    const { value, done } = iterator.next();
    if (!done) ask(value());
  };
  try {
    for (let count = 0; count < limit; count += 1) begin();
    while (next.size > 0) {
      const [source, result] = await Promise.race(next.values());
      if (result.done) {
        next.delete(source);
        begin();
      } else {
        ask(source);
        yield result.value;
      }
    }
  } finally {
    // Their connections are closed by their owner, so that none of them goes on reading.
    for (const promise of next.values()) void dropLate(promise, drop);
  }
}

async function dropLate<Value>(
  promise: Promise<[unknown, IteratorResult<Value>]>,
  drop: (value: Value) => void,
): Promise<void> {
  try {
    const [, result] = await promise;
    if (!result.done) drop(result.value);
  } catch {
    // The first error is thrown already.
  }
}
