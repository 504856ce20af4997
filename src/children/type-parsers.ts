/**
 * Finds out whether a task changed how pg reads the values of a type. A library may change this for the whole process,
 * and then the next task would read its rows differently.
 */
import pg from 'pg';

const { types } = pg;
const { getTypeParser, setTypeParser } = types as unknown as {
  getTypeParser(oid: number, format: string): unknown;
  setTypeParser(oid: number, format: unknown, parser?: unknown): void;
};

/** The original parsers of the types whose parser was replaced. */
const originalParsers = new Map<string, { oid: number; format: string; parser: unknown }>();

// pg does not list its types, so a type becomes known only when a parser is set for it. pg's function for that is
// replaced now, before the catalogue's modules are loaded, because they may keep a reference to it.
Object.assign(types, {
  setTypeParser(oid: number, format: unknown, parser?: unknown): void {
    const textOrBinary = typeof format === 'string' ? format : 'text';
    const key = `${textOrBinary} ${oid}`;
    if (!originalParsers.has(key))
      originalParsers.set(key, {
        oid,
        format: textOrBinary,
        parser: getTypeParser(oid, textOrBinary),
      });
    setTypeParser(oid, format, parser);
  },
});

/** Remembers the parsers as they are. The returned function says for which types values are read differently. */
export function watchTypeParsers(): () => string[] {
  originalParsers.clear();
  return () =>
    [...originalParsers.values()]
      .filter(({ oid, format, parser }) => getTypeParser(oid, format) !== parser)
      .map(({ oid }) => `pg.types for the type ${oid}`);
}
