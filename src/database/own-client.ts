/**
 * Connections that a library in the same process cannot change. `pg.types.setTypeParser` and `pg.defaults` apply to a
 * whole process, and modules of a catalogue, or their imports, set them: with drizzle-orm, for example, every time
 * becomes a string.
 */
import pg from 'pg';

// Read here, before a catalogue is imported (src/cli/session/catalogue.ts).
const { getTypeParser, builtins } = pg.types;
type Parser = (text: string) => unknown;

/** PostgreSQL's own types have smaller numbers; the values of other types stay text. */
const firstOfOthers = 10_000;

const parsersOf = (format: 'text' | 'binary'): Parser[] =>
  Array.from({ length: firstOfOthers }, (_, oid) => getTypeParser(oid, format as 'text'));

const parsers = { text: parsersOf('text'), binary: parsersOf('binary') };

// pg would turn a DATE into a Date at local midnight, which is another day in another time zone.
parsers.text[builtins.DATE] = (text) => text;

/** The parsers for the columns on Roundsman's own connections. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format: 'text' | 'binary' = 'text'): Parser =>
    parsers[format]?.[oid] ?? String,
};

/** Without defaults that have only a setter, such as `parseInt8`, which only concerns parsers. */
const known = Object.entries(Object.getOwnPropertyDescriptors(pg.defaults));
const settings = known.flatMap(([name, { value, writable }]) =>
  writable === true ? [[name, value] as const] : [],
);

/** A client of `pg` with the original parsers and defaults of `pg`. */
export class OwnClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    const defaults = pg.defaults as unknown as Record<string, unknown>;
    // The constructor reads the process's defaults, and none of its options can switch them off.
    const theirs = settings.map(([name]) => [name, defaults[name]] as const);
    for (const [name, value] of settings) defaults[name] = value;
    try {
      super({ ...config, types });
    } finally {
      for (const [name, value] of theirs) defaults[name] = value;
    }
  }
}
