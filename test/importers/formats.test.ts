/** Each format of ../../src/importers reads its own lines and no others, and no text crashes it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { accessLogs } from '../../src/importers/access/formats.ts';
import { chooseFormat } from '../../src/importers/choose.ts';
import { errorLogs } from '../../src/importers/errors/formats.ts';
import type { LogFormat, LogTable, Reading } from '../../src/importers/reading/log-format.ts';
import { utc } from '../../src/importers/reading/zone.ts';

const reading: Reading = {
  now: Date.parse('2026-03-11T00:00:00Z'),
  zone: utc,
  isZoneGiven: false,
  untimed: false,
};

const tables: LogTable<any>[] = [accessLogs, errorLogs];
const all = tables.flatMap((log) =>
  log.formats.map((format): [string, LogFormat<any>, LogTable<any>] => [
    `${log.table}: ${format.name}`,
    format,
    log,
  ]),
);

test('no two formats of a table have the same name', () => {
  for (const { formats } of tables)
    expect(new Set(formats.map(({ name }) => name)).size).toBe(formats.length);
});

describe.each(all)('%s', (_, format, log) => {
  const { example } = format;

  test('reads its own lines, each with a time', () => {
    const read = format.reader(reading, example);
    const rows = example.map((line) => read(line)).filter((parsed) => parsed !== 'nothing');
    expect(rows.length).toBeGreaterThan(0);
    for (const [index, parsed] of rows.entries())
      // `plain` uses one form of time for a whole log.
      if (format.name !== 'plain')
        expect(parsed, example[index]).toMatchObject({
          row: { created_at: expect.any(Number) },
        });
  });

  test('is the one that is chosen for each of its lines, and for all of them', () => {
    const samples = format.name === 'w3c' ? [example] : [...example.map((line) => [line]), example];
    for (const sample of samples)
      if (format.name !== 'plain' || sample.length === 1)
        expect(chooseFormat(log, reading, sample)?.name, sample.join('\n')).toBe(format.name);
  });

  test('survives any line', () => {
    const piece = fc.oneof(
      fc.constantFrom(...example.flatMap((line) => line.split(/(?<=[ "[\]:,])/))),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        '"',
        '[',
        ']',
        '{',
        '}',
        ' ',
        '-',
        '\0',
        '\n',
        '\r',
        '=',
        '99999999999999999999',
        '__proto__',
      ),
    );
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
      fc.json(),
    );
    const judged = fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
      const read = format.reader(reading, lines);
      for (const parsed of lines.map((each) => read(each)))
        if (typeof parsed === 'object' && 'row' in parsed) {
          const { created_at: at } = parsed.row;
          expect(at === null || Number.isFinite(new Date(at).getTime())).toBe(true);
          expect(Object.keys(parsed.row).toSorted()).toEqual(log.columns.toSorted());
          expect(JSON.stringify(parsed.row)).not.toContain('\\u0000');
        } else expect(['object', 'string']).toContain(typeof parsed);
    });
    fc.assert(judged, { numRuns: 300 });
  });

  test('reads no more of a line than before when the end of it is cut off', () => {
    for (const line of example)
      for (let length = 0; length < line.length; length++) {
        const cut = line.slice(0, length);
        expect(() => format.reader(reading, [cut])(cut)).not.toThrow();
      }
  });
});
