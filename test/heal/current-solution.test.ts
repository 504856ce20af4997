/** One rule for which heals are of an entry's current solution: for its figures, and for the breaker. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { explain } from '../../src/heal/explain.ts';
import { figuresOf } from '../../src/heal/judging/figures.ts';
import { triedOf } from '../../src/heal/judging/current-solution.ts';
import { editKnowledge } from '../../src/transitions/knowledge/edit.ts';
import { entry, playbook } from '../support/builders.ts';
import { roundsman } from '../cli/command.ts';
import { idOf } from './outcomes.ts';
import { leftBehind, simulatedPlatform } from './simulated-platform.ts';

const all = { fingerprint: null, component: null, category: null };
const minutes = (count: number) => sql<Date>`engine.now() - make_interval(mins => ${count})`;

/** An entry that failed or relapsed so often before its solution was replaced, and so often since. */
async function replaced(before: number, since: number, state: 'failed' | 'relapsed' = 'failed') {
  const platform = await simulatedPlatform(
    [entry('clean', playbook('disk.clean'))],
    [{ name: 'disk.clean' }, { name: 'disk.wipe' }],
  );
  await platform.seen();
  const { db } = platform;
  const ended = async (count: number, ago: number) => {
    for (let n = 0; n < count; n++)
      await leftBehind(platform, 'clean', 'disk.clean', state, {
        taken_at: minutes(ago),
        applied_at: minutes(ago),
        settled_at: minutes(ago - 1),
        fingerprint: `at-${ago}-${n}`,
      });
  };
  await ended(before, 30);
  const id = await idOf(platform, 'clean');
  const edit = { solution: playbook('disk.wipe'), autonomy: 'auto' as const };
  await db.transaction().execute((trx) => editKnowledge(trx, id, () => edit, { actor: 'ann' }));
  await sql`UPDATE bot_knowledge_events SET created_at = ${minutes(20)} WHERE event = 'edited'`.execute(
    db,
  );
  await ended(since, 10);
  const closed = async () => {
    const { candidates } = await explain(db, platform.engine.catalogue, await platform.finding());
    return candidates[0]!;
  };
  return { ...platform, id, closed };
}

test.each([
  [2, 2, false],
  [5, 2, false],
  [0, 3, true],
  [3, 3, true],
])(
  '%i failures before the replacement and %i since close the breaker: %s',
  async (before, since, closes) => {
    const { db, id, closed, round, effects } = await replaced(before, since);
    await sql`UPDATE engine.settings SET value = value || '{"heals_per_entry": 100}' WHERE key = 'healing'`.execute(
      db,
    );
    const { inputs, closed: gates } = await closed();
    const { records } = (await figuresOf(db, [id], all)).get(id)!;
    expect(inputs!.failures_in_row).toBe(since);
    expect(records.all.failed).toBe(since);
    expect(gates.map(({ gate }) => gate)).toEqual(closes ? ['breaker'] : []);
    await round();
    expect(await effects()).toEqual(closes ? [] : ['disk.wipe']);
  },
);

test('limits count every heal, and say which ones began before the solution was replaced', async () => {
  const { engine, closed, db, id } = await replaced(3, 1);
  const { inputs, closed: gates } = await closed();
  expect(inputs).toMatchObject({
    entry_last_hour: 4,
    earlier_last_hour: 3,
    component_last_day: 4,
    earlier_component_last_day: 3,
    entry_last_day: 4,
    earlier_last_day: 3,
  });
  expect(gates.map(({ gate }) => gate)).toEqual(['attempts']);
  expect((await triedOf(db, [id])).get(id)).toMatchObject({
    current: 1,
    earlier: 3,
    earlier_decided: 3,
    earlier_held: 0,
    replaced_at: expect.any(Date),
  });
  const ask = (...args: string[]) => roundsman(engine.url, ...args);
  const [shown, listed] = [await ask('knowledge', 'show', 'clean'), await ask('knowledge', 'list')];
  expect(shown.out).toMatch(/^Applied +4 times, 3 of them with an earlier solution$/m);
  expect(shown.out).toMatch(/^Decided +0 held, 0 relapsed, 1 failed$/m);
  expect(shown.out).toMatch(/^Rate +0 % held$/m);
  expect(shown.out).toMatch(
    /^Earlier +0 of 3 decided heals held with solutions before 20.* UTC \(20m ago\)/m,
  );
  expect(listed.err).toContain('count heals of earlier solutions, too: clean;');
});

test('an entry whose solution was never replaced does not mention it', async () => {
  const platform = await simulatedPlatform(
    [entry('clean', playbook('disk.clean'))],
    [{ name: 'disk.clean' }],
  );
  await platform.seen();
  await leftBehind(platform, 'clean', 'disk.clean', 'held', { fingerprint: 'other' });
  const ask = (...args: string[]) => roundsman(platform.engine.url, ...args);
  const [shown, listed] = [await ask('knowledge', 'show', 'clean'), await ask('knowledge', 'list')];
  expect(shown.out).toMatch(/^Applied +1 time$/m);
  expect(shown.out).toMatch(/^Rate +100 % held$/m);
  expect(shown.out).not.toContain('Earlier');
  expect(listed.err).not.toContain('earlier');
});
