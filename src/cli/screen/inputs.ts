import { gather, type Gatherer } from './gather.ts';
import { conclude, decode, fresh, type Input } from './keys.ts';

/** Calls `give` for each key, text or paste in what a terminal sends. */
export function inputsTo(give: (input: Input) => void): Gatherer {
  let decoder = fresh;
  const receive = (read: { decoder: typeof fresh; inputs: Input[] }) => {
    ({ decoder } = read);
    for (const input of read.inputs) give(input);
  };
  return gather(
    (chunk) => receive(decode(decoder, chunk)),
    () => receive(conclude(decoder)),
  );
}
