/** One thing or several that a person names, each on a screen of its own, or all of them in one document. */
import type { ShowOptions } from '../arguments/show-options.ts';
import { doEach } from '../terminal/do-each.ts';
import { separator } from '../terminal/print.ts';
import { printDocument, isData } from './document.ts';

interface EachShown<Shown> {
  /** Finds the id of what has this name; what is named twice is recognised by it. Throws if there is none. */
  idOf: (name: string) => Promise<string>;
  read: (name: string) => Promise<Shown>;
  /** the row with the names of the tables' columns, for programs */
  fields: (shown: Shown) => object;
  /** prints it for a person */
  print: (shown: Shown) => void;
}

/** Shows each, in the given order, as `options` ask for it. If several are named, one that fails does not stop the others. */
export async function showEach<Shown>(
  given: readonly string[],
  options: ShowOptions,
  { idOf, read, fields, print }: EachShown<Shown>,
): Promise<void> {
  const separate = separator();
  const output = { json: isData(options), print: (rows: unknown) => printDocument(rows, options) };
  await doEach(given, output, {
    idOf,
    async act(name) {
      const shown = await read(name);
      if (isData(options)) return fields(shown);
      separate();
      print(shown);
      return undefined;
    },
  });
}
