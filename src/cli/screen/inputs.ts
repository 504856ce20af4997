import { joinBursts, type BurstJoiner } from './join-bursts.ts';
import { conclude, decode, emptyDecoder, type Input } from './keys.ts';

/** Calls `give` for each key, text or paste in what a terminal sends. */
export function inputsTo(give: (input: Input) => void): BurstJoiner {
  let decoder = emptyDecoder;
  const receive = (read: { decoder: typeof emptyDecoder; inputs: Input[] }) => {
    ({ decoder } = read);
    for (const input of read.inputs) give(input);
  };
  return joinBursts(
    (chunk) => receive(decode(decoder, chunk)),
    () => receive(conclude(decoder)),
  );
}
