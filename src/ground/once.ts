/** Returns a function that calls `ask` the first time, and returns the same answer from then on. */
export function once<Value>(ask: () => Value): () => Value {
  let answered: { value: Value } | undefined;
  return () => (answered ??= { value: ask() }).value;
}
