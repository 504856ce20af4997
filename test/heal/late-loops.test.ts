/** Cures that are needed because of themselves, only not at the next look: what they break shows later. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { loopWorld, type Cure, type Watched } from './loop-world.ts';

const day = 24 * 60;
const relays = Array.from({ length: 12 }, (_, at) => `relay-${at}x`);

const movesOn = (lag: number): Cure => ({
  name: 'relay.restart',
  bot: 'relay',
  also: (component, broken) =>
    void broken.add(relays[(relays.indexOf(component) + 1) % relays.length]!),
  lag,
});

/** Makes rounds until an entry has lost auto, for so many hours at most. */
async function untilLost(
  world: Awaited<ReturnType<typeof loopWorld>>,
  [hours, step]: [number, number],
  bots: string[],
  first: string,
) {
  for (let hour = 0; hour < hours; hour++) {
    await world.rounds([hour * 60, hour * 60 + 60, step], bots, (minute) => {
      if (minute === 0) world.broken.add(first);
    });
    if ((await world.changes()).length > 0) break;
  }
  return world.changes();
}

describe('a cure that breaks the next of twelve components some looks later', () => {
  test.each<[number, number, number, Partial<Watched>]>([
    [15, 10, 24, {}],
    [25, 10, 24, {}],
    [5, 3, 12, {}],
    [100, 20, 48, {}],
    [15, 10, 24, { accruing: true }],
  ])(
    '%i minutes, looked at every %i, loses auto within %i hours',
    async (lag, step, hours, rest) => {
      const world = await loopWorld(
        [{ bot: 'relay', components: relays, ...rest }],
        [movesOn(lag)],
      );
      const changes = await untilLost(world, [hours, step], ['relay'], relays[0]!);
      expect(changes).toMatchObject([{ name: 'relay.restart', after: 'suggest' }]);
      expect(changes[0]!.why).toMatch(
        /^another problem began at relay within \d+ minutes after \d+ of \d+ heals, .* in \d+ of \d+ stretches of \d looks/,
      );
    },
    120_000,
  );
});

test('of two accruing entries that undo each other some looks later one loses auto within three days, and both come to rest', async () => {
  const frees = (name: string, bot: string, other: string): Cure => ({
    name,
    bot,
    also: (_, broken) => void broken.add(other),
    lag: 25,
  });
  const world = await loopWorld(
    [
      { bot: 'lease', components: ['lease'], accruing: true },
      { bot: 'lock', components: ['lock'], accruing: true },
    ],
    [frees('lease.free', 'lease', 'lock'), frees('lock.free', 'lock', 'lease')],
  );
  const changes = await untilLost(world, [72, 10], ['lease', 'lock'], 'lease');
  expect(changes[0]).toMatchObject({ after: 'suggest' });
  expect(changes[0]!.why).toMatch(
    /^it and l\w+\.free undo each other: |^another problem began at l\w+ within 35 minutes after /,
  );
  const before = world.heals.length;
  await world.rounds([73 * 60, 76 * 60, 10], ['lease', 'lock']);
  expect(world.heals.length - before).toBeLessThanOrEqual(1);
}, 240_000);

test('an entry that causes what it heals, too slowly for any window, loses auto when its limit stopped it twice and nothing began meanwhile', async () => {
  const world = await loopWorld(
    [{ bot: 'relay', components: relays.slice(0, 6) }],
    [
      {
        ...movesOn(70),
        also: (component, broken) => void broken.add(relays[(relays.indexOf(component) + 1) % 6]!),
      },
    ],
  );
  await sql`UPDATE engine.settings SET value = value || '{"heals_per_day": 4}' WHERE key = 'healing'`.execute(
    world.db,
  );
  const changes = await untilLost(world, [52, 10], ['relay'], relays[0]!);
  expect(changes).toMatchObject([
    {
      after: 'suggest',
      why: expect.stringMatching(
        /^it healed 6 components \d+ times in three days, and each of them broke again; its daily limit stopped it 2 times, and in 2 of these times /,
      ),
    },
  ]);
  expect(world.heals.filter(({ minute }) => minute < day)).toHaveLength(12);
  const titles = (await world.tickets()).map(({ title }) => title);
  expect(titles).toEqual([
    expect.stringMatching(
      /^relay\.restart healed 6 components 12 times in 24 h and is at its daily limit over all of them; another problem followed after about 7\d minutes/,
    ),
  ]);
}, 240_000);
