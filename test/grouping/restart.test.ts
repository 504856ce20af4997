/** What is stored is all that a miner needs: a restart at any place changes no id, and a store learns of each change. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultLimits, type MinerLimits } from '../../src/grouping/limits.ts';
import { Store } from './store.ts';

const words = ['job', 'disk', 'alice', 'bob', 'carol', 'dave', 'erin', 'the', 'not', 'closed'];
const values = ['17', '/var/log', "'x'", '(5)', 'true', '10.0.0.1:80', ''];
const names = [...words, 'frank', 'grace', 'heidi', 'ivan', 'judy', '7'];
const token = fc.constantFrom(...words, ...words, ...values);
const free = fc.array(token, { minLength: 1, maxLength: 7 }).map((tokens) => tokens.join(' '));
const name = fc.constantFrom(...names);
const few = fc.constantFrom('alice', 'bob', 'carol', 'dave');
const session = fc.tuple(few, few).map(([who, what]) => `session of ${who} opened for ${what}`);
/** Enough of each form for the rules to act, at one position and then at a second one. */
const formed = fc.oneof(
  fc.tuple(name, name).map(([who, what]) => `user ${who} lost ${what}`),
  name.map((what) => `removing ${what}`),
  fc
    .tuple(fc.constantFrom('the ', ''), name, fc.constantFrom('large ', ''))
    .map(([the, who, large]) => `cannot write ${large}report file of ${the}customer ${who} today`),
);
const line = fc.record({
  scope: fc.constantFrom('A', 'A', 'A', 'B', ''),
  message: fc.oneof(
    { weight: 6, arbitrary: formed },
    { weight: 6, arbitrary: session },
    { weight: 2, arbitrary: free },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  ),
  cut: fc.integer({ min: 1, max: 8 }).map((at) => at === 1),
});
type Line = { scope: string; message: string; cut: boolean };
const lines = (minLength: number) =>
  fc.array(line, { minLength, maxLength: minLength * 2, size: 'max' });

function mine(lines: Line[], store: Store): string[] {
  let miner = store.miner();
  const ids = lines.map(({ scope, message, cut }) => {
    const id = miner.add(scope, message);
    if (cut) {
      store.save(miner);
      miner = store.miner();
    }
    return id;
  });
  store.save(miner);
  return ids;
}

/** The rows, each alias with the end of its chain: after a restart the walk is as long as it was, and ends where it did. */
function rowsOf(store: Store) {
  const miner = store.miner();
  const rows = [...store.templates.values()];
  return rows.map((row) => ({ ...row, mergedInto: miner.canonical(row.id) }));
}

const tight: Partial<MinerLimits> = { maxTemplatesOfScope: 12, maxTemplates: 20 };

test.each([
  ['the limits of production', defaultLimits, 'twiceOpen'],
  ['limits that are reached', tight, 'flood'],
  ['limits of aliases', { maxStoredOfScope: 14, maxStored: 25 }, 'flood'],
])('a restart at any place changes no answer and no row, with %s', (_, limits, reaches) => {
  const seen = { alias: 0, twiceOpen: 0, flood: 0 };
  // Chance may miss the rules in one go.
  for (let go = 0; go < 5 && seen[reaches as 'twiceOpen' | 'flood'] === 0; go += 1)
    fc.assert(
      fc.property(lines(60), (lines) => {
        const whole = new Store(limits);
        const cut = new Store(limits);
        const uncut = lines.map((one) => ({ ...one, cut: false }));
        expect(mine(lines, cut)).toEqual(mine(uncut, whole));
        expect(rowsOf(cut)).toEqual(rowsOf(whole));
        const rows = [...cut.templates.values()];
        const open = rows.map(({ tokens, flood }) =>
          flood ? 0 : tokens.filter((token) => token === '<*>').length,
        );
        if (rows.some(({ mergedInto }) => mergedInto !== null)) seen.alias++;
        if (open.some((count) => count > 1)) seen.twiceOpen++;
        if (rows.some(({ flood }) => flood)) seen.flood++;
      }),
      { numRuns: 150 },
    );
  // Without these the property says nothing about the rules.
  expect(seen.alias).toBeGreaterThan(0);
  expect(seen[reaches as 'twiceOpen' | 'flood']).toBeGreaterThan(0);
});

test('an alias is younger than what it is an alias of', () => {
  fc.assert(
    fc.property(lines(60), (lines) => {
      const store = new Store();
      mine(lines, store);
      const aliases = [...store.templates.values()].filter(({ mergedInto }) => mergedInto !== null);
      for (const { id, mergedInto } of aliases) expect(Number(mergedInto)).toBeLessThan(Number(id));
    }),
  );
});
