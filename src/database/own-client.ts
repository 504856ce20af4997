/**
 * Connections that a library in the same process cannot change. `pg.types.setTypeParser` and `pg.defaults` hold for
 * a whole process, and modules of a catalogue, or what they import, set them: with drizzle-orm's every time is a string.
 */
import pg from 'pg';

// Taken now, and so before a catalogue is imported (src/cli/session/catalogue.ts).
const { getTypeParser, builtins } = pg.types;
type Parser = (text: string) => unknown;

/** Types that PostgreSQL itself brings have smaller numbers; the others' values are text. */
const firstOfOthers = 10_000;

const parsersOf = (format: 'text' | 'binary'): Parser[] =>
  Array.from({ length: firstOfOthers }, (_, oid) => getTypeParser(oid, format as 'text'));

const parsers = { text: parsersOf('text'), binary: parsersOf('binary') };

// DATE would become a Date at local midnight and so another day in another zone.
parsers.text[builtins.DATE] = (text) => text;

/** What becomes of the columns of our own connections. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format: 'text' | 'binary' = 'text'): Parser =>
    parsers[format]?.[oid] ?? String,
};

/** Without those that can only be set, as `parseInt8`, which is about parsers. */
const known = Object.entries(Object.getOwnPropertyDescriptors(pg.defaults));
const settings = known.flatMap(([name, { value, writable }]) =>
  writable === true ? [[name, value] as const] : [],
);

/** A client of `pg` with the parsers and the defaults that `pg` itself brings. */
export class OwnClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    const defaults = pg.defaults as unknown as Record<string, unknown>;
    // It reads them while it is made; no setting of its own can say "none".
    const theirs = settings.map(([name]) => [name, defaults[name]] as const);
    for (const [name, value] of settings) defaults[name] = value;
    try {
      super({ ...config, types });
    } finally {
      for (const [name, value] of theirs) defaults[name] = value;
    }
  }
}
