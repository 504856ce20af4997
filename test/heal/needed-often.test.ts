/** Entries that are needed often because of other causes: they reach their limits, and are not found to do harm. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { loopWorld } from './loop-world.ts';

const day = 24 * 60;

/** What the conductor found about healing, the oldest first. */
const findingsOf = async ({ db }: Awaited<ReturnType<typeof loopWorld>>) => {
  const { rows } = await sql<{ title: string; open: boolean }>`
    SELECT title, resolved_at IS NULL AS open FROM bot_findings WHERE check_name = 'healing-loops' ORDER BY detected_at`.execute(
    db,
  );
  return rows;
};

test("the conductor's finding about an entry at its limit does not count as a problem that the entry caused, and stays open while the entry is at its limit", async () => {
  const world = await loopWorld(
    [{ bot: 'lease', components: ['lease'], accruing: true }],
    [{ name: 'lease.free', bot: 'lease' }],
  );
  await world.rounds([0, 4 * day, 60], ['lease'], () => void world.broken.add('lease'));
  expect(await world.changes()).toEqual([]);
  expect(await findingsOf(world)).toMatchObject([
    { title: expect.stringContaining('at its daily limit'), open: true },
  ]);
}, 240_000);

test('two entries that are needed in turn, hour by hour, do not undo each other', async () => {
  const world = await loopWorld(
    ['lease', 'lock'].map((bot) => ({ bot, components: [bot], accruing: true as const })),
    ['lease', 'lock'].map((bot) => ({ name: `${bot}.free`, bot })),
  );
  await world.rounds([0, 3 * day, 60], ['lease', 'lock'], (minute) => {
    world.broken.add(minute % 120 === 0 ? 'lease' : 'lock');
  });
  expect(await world.changes()).toEqual([]);
}, 240_000);

test('ten components that need an entry every two hours keep it at its daily limit, and a ticket says so', async () => {
  const parts = Array.from({ length: 10 }, (_, at) => `part-${at}x`);
  const world = await loopWorld(
    [{ bot: 'part', components: parts, accruing: true }],
    [{ name: 'part.fix', bot: 'part' }],
  );
  await sql`UPDATE engine.settings SET value = value || '{"storm_components": 100}' WHERE key = 'healing'`.execute(
    world.db,
  );
  await world.rounds([0, 3 * day, 60], ['part'], (minute) => {
    parts.forEach((part, at) => {
      if (minute % 120 === (at % 2) * 60) world.broken.add(part);
    });
  });
  expect(await world.changes()).toEqual([]);
  const onDay = (count: number) =>
    world.heals.filter(({ minute }) => Math.floor(minute / day) === count).length;
  expect([onDay(0), onDay(1)].every((count) => count <= 24)).toBe(true);
  expect((await findingsOf(world)).filter(({ open }) => open)).toMatchObject([
    { title: expect.stringMatching(/^part\.fix healed \d+ components 2\d times in 24 h/) },
  ]);
}, 240_000);
