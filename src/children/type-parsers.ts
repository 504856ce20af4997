/**
 * How pg reads the values of each type: libraries change it for the whole process, and the next task would read its
 * rows in another way.
 */
import pg from 'pg';

const { types } = pg;
const { getTypeParser, setTypeParser } = types as unknown as {
  getTypeParser(oid: number, format: string): unknown;
  setTypeParser(oid: number, format: unknown, parser?: unknown): void;
};

/** The first parser of each type that was given another one. */
const before = new Map<string, { oid: number; format: string; parser: unknown }>();

// Which types there are is known only when one is set. Now: the catalogue's modules may keep the function.
Object.assign(types, {
  setTypeParser(oid: number, format: unknown, parser?: unknown): void {
    const of = typeof format === 'string' ? format : 'text';
    const key = `${of} ${oid}`;
    if (!before.has(key)) before.set(key, { oid, format: of, parser: getTypeParser(oid, of) });
    setTypeParser(oid, format, parser);
  },
});

/** Remembers them as they are; afterwards it says of which types values are read in another way. */
export function watchTypeParsers(): () => string[] {
  before.clear();
  return () =>
    [...before.values()]
      .filter(({ oid, format, parser }) => getTypeParser(oid, format) !== parser)
      .map(({ oid }) => `pg.types for the type ${oid}`);
}
