import { expect, test } from 'vitest';
import { tryPatterns } from '../../src/heal/patterns/try-patterns.ts';
import { inSlices, buildIndex } from '../../src/heal/patterns/knowledge-index.ts';
import { startTimeLimit } from '../../src/heal/patterns/timed-text.ts';

const indexOf = (patterns: string[]) =>
  inSlices(buildIndex(patterns.map((issue_pattern, at) => ({ id: String(at), issue_pattern }))));

const ids = (entries: { id: string }[]) => entries.map(({ id }) => Number(id));

/** Patterns that are accepted, or are in the table without a check; none matches, and none is ruled out by a literal. */
const slow = [
  '(?:.*a){300}\\W+zzz',
  '(?:a|b|ab|ba|aa|bb|aba|bab){90}\\W+zzz',
  `${'(a?)'.repeat(100)}\\W+zzz`,
  '(?:\\w*\\W*){300}q?\\W+zzz',
  'a[ab]{900}\\W+zzz',
  `${'a?'.repeat(200)}${'a'.repeat(80)}\\W+zzz`,
  '(?:[B-😀]?a?){300}\\W+zzz',
];
const long = `zzz${'a'.repeat(16_380)}`;

test('hostile patterns over 16 KiB stop within their time, and those that were not asked are named', async () => {
  const patterns = Array.from({ length: 400 }, (_, at) =>
    slow[at % slow.length]!.replace('zzz', `zz(?:z|y${at})`),
  );
  const index = await indexOf(patterns);
  const used = process.cpuUsage();
  const { matching, untried } = tryPatterns(index, long);
  const { user, system } = process.cpuUsage(used);
  expect((user + system) / 1_000).toBeLessThan(500);
  expect(untried.length).toBeGreaterThan(300);
  expect(matching).toEqual([]);
});

test('an ordinary entry is asked before expensive ones and ones of which nothing is known', async () => {
  const index = await indexOf([
    ...slow,
    ...slow.map((one) => one.replace('zzz', '[0-9]?')),
    'zzza',
    'disk',
  ]);
  const ordinary = slow.length * 2;
  const { matching, untried } = tryPatterns(index, long);
  expect(ids(matching)).toContain(ordinary);
  expect(ids([...matching, ...untried])).not.toContain(ordinary + 1);
});

test('a stored pattern that is too expensive is named for every text and never run', async () => {
  const index = await indexOf([`disk${'a{0,1000}'.repeat(50)}`, '(?:disk ){900}', 'disk full']);
  expect(tryPatterns(index, 'the disk full')).toMatchObject({
    matching: [{ id: '2' }],
    untried: [{ id: '0' }, { id: '1' }],
  });
});

test('a stored text that is not a pattern matches nothing', async () => {
  const index = await indexOf(['disk (full', 'disk', 'di', '\\d\\d']);
  const { matching, untried } = tryPatterns(index, 'disk (full 42');
  expect(ids(matching)).toEqual([2, 3, 1]);
  expect(untried).toEqual([]);
});

test('a search is stopped in the middle when its time is up, and does not affect the next one', async () => {
  const index = await indexOf(['(?:.*a){300}\\W+zzz']);
  let looks = 0;
  expect(ids(tryPatterns(index, long, () => (looks += 1) > 3).untried)).toEqual([0]);
  expect(looks).toBe(4);
  expect(ids(tryPatterns(index, `${'a'.repeat(300)} zzz`, () => false).matching)).toEqual([0]);
});

test('a time limit is over only when the process has computed for a part of that time', () => {
  const isOver = startTimeLimit(400);
  // The process's other threads may compute a little meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 450);
  expect(isOver()).toBe(false);
  const used = process.cpuUsage();
  while (process.cpuUsage(used).user < 60_000) busy();
  expect(isOver()).toBe(true);
});

const busy = () => Array.from({ length: 100 }, (_, at) => at).reduce((a, b) => a + b);

test('a large index is built in slices: others run in between', async () => {
  let turns = 0;
  let building = true;
  const turn = (): void => {
    turns += 1;
    if (building) setImmediate(turn);
  };
  setImmediate(turn);
  await indexOf(
    Array.from({ length: 3_000 }, (_, at) => `problem ${at} of (?:disk|host)-${at * 7}`),
  );
  building = false;
  expect(turns).toBeGreaterThan(3);
});
