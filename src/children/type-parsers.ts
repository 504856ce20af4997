/**
 * How pg reads the values of each type. A library may change this for the whole process, and then the next task would
 * read its rows differently.
 */
import pg from 'pg';

const { types } = pg;
const { getTypeParser, setTypeParser } = types as unknown as {
  getTypeParser(oid: number, format: string): unknown;
  setTypeParser(oid: number, format: unknown, parser?: unknown): void;
};

/** The first parser of each type whose parser was replaced. */
const before = new Map<string, { oid: number; format: string; parser: unknown }>();

// pg does not list its types, so a type becomes known only when a parser is set for it. pg's function for that is
// replaced now, before the catalogue's modules are loaded, because they may keep a reference to it.
Object.assign(types, {
  setTypeParser(oid: number, format: unknown, parser?: unknown): void {
    const of = typeof format === 'string' ? format : 'text';
    const key = `${of} ${oid}`;
    if (!before.has(key)) before.set(key, { oid, format: of, parser: getTypeParser(oid, of) });
    setTypeParser(oid, format, parser);
  },
});

/** Remembers the parsers as they are. The returned function says for which types values are read differently. */
export function watchTypeParsers(): () => string[] {
  before.clear();
  return () =>
    [...before.values()]
      .filter(({ oid, format, parser }) => getTypeParser(oid, format) !== parser)
      .map(({ oid }) => `pg.types for the type ${oid}`);
}
