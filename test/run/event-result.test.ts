/** What an event check returns has to fit its contract: counts that contradict each other would be judged. */
import { expect, test } from 'vitest';
import { readEventResult } from '../../src/run/tasks/event-result.ts';

const at = new Date('2026-03-01T12:00:00Z');
const asked = { from: at, starts: [], only: null };
const finding = { severity: 'high', category: 'api', component: '/a', title: '/a fails' };
const tally = { key: '/a', bad: 2, of: 3, newestBadAt: at };
const result = (tallies: unknown, findings: object[] = [finding]) => ({
  examined: ['/a'],
  findings,
  tallies,
});

test('a valid result is read, without tallies of keys that were neither reported nor asked for', () => {
  const other = { key: '/b', bad: 0, of: 9, newestBadAt: null };
  expect(readEventResult(result([tally, other]), asked, at).tallies).toEqual([tally]);
  const starts = [{ key: '/b', from: at }];
  expect(readEventResult(result([tally, other]), { ...asked, starts }, at).tallies).toEqual([
    tally,
    other,
  ]);
});

test.each<[string, unknown, string]>([
  ['none at all', undefined, 'tallies'],
  ['none for what is reported', [], 'there is none for the key /a'],
  ['more bad ones than all', [{ ...tally, of: 1 }], 'more bad events than events'],
  ['bad ones without a time', [{ ...tally, newestBadAt: null }], 'newestBadAt of the key /a'],
  ['a time that is none', [{ ...tally, newestBadAt: new Date(NaN) }], 'tallies.0.newestBadAt'],
  ['a time as text', [{ ...tally, newestBadAt: '2026-03-01' }], 'tallies.0.newestBadAt'],
  [
    'a report without a bad event',
    [{ key: '/a', bad: 0, of: 3, newestBadAt: null }],
    'without a bad event',
  ],
  ['two of one key', [tally, { ...tally, bad: 0, newestBadAt: null }], 'two have the key /a'],
  [
    'a time before the start',
    [{ ...tally, newestBadAt: new Date(+at - 60_000) }],
    'newestBadAt of the key /a is not between its start and now',
  ],
  [
    'a time to come',
    [{ ...tally, newestBadAt: new Date('9999-01-01') }],
    'newestBadAt of the key /a is not between its start and now',
  ],
  ['half an event', [{ ...tally, bad: 1.5 }], 'tallies.0.bad'],
  ['fewer than none', [{ ...tally, of: -1 }], 'tallies.0.of'],
])('refused: %s', (_, tallies, why) => {
  expect(() => readEventResult(result(tallies), asked, at)).toThrow(why);
});

test('refused: a key that was asked for, and has none', () => {
  expect(() => readEventResult(result([tally]), { ...asked, only: ['/c'] }, at)).toThrow(
    'there is none for the key /c',
  );
});

test('refused: two findings with one key', () => {
  const twice = [finding, { ...finding, category: 'other' }];
  expect(() => readEventResult(result([tally], twice), asked, at)).toThrow('two share the key /a');
});
