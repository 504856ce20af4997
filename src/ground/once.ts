/** Calls `ask` when it is called first, and keeps the answer. */
export function once<Value>(ask: () => Value): () => Value {
  let answered: { value: Value } | undefined;
  return () => (answered ??= { value: ask() }).value;
}
