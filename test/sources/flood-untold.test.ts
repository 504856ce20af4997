/** A flood of which people are not told, or no more: what is said about its alarms, and what comes of its end. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { countFindings, countQuiet } from '../../src/data/bots/overview.ts';
import { countWithoutTicket } from '../../src/data/bots/without-ticket.ts';
import { showFinding } from '../../src/services/findings/show.ts';
import { addMaintenance } from '../../src/services/maintenance/add.ts';
import { overrideSeverity } from '../../src/services/tickets/severity.ts';
import { sourceScene } from './scene.ts';

const actor = { name: 'ann', role: 'operator' as const };

async function floodScene() {
  const scene = await sourceScene({ config: { flood_alarms: 20, severity: 'high' } });
  const { db, send } = scene;
  return {
    ...scene,
    alarms: (count: number, state = 'firing') =>
      send({
        alarms: Array.from({ length: count }, (_, n) => ({
          key: `k${n}`,
          state,
          component: `c${n}`,
        })),
      }),
    silence: (component: string) =>
      sql`INSERT INTO bot_silences (component, owner, reason, expires_at)
          VALUES (${component}, 'ann', 'known', engine.now() + interval '1 hour')`.execute(db),
    counts: async () => ({
      open: await countFindings(db),
      quiet: await countQuiet(db),
      without: await countWithoutTicket(db),
    }),
    tickets: () =>
      db.selectFrom('bot_tickets').select(['title', 'status']).orderBy('number').execute(),
    whyNone: async (key: string) => {
      const { id } = await db
        .selectFrom('bot_findings')
        .select('id')
        .where('component_key', '=', key)
        .executeTakeFirstOrThrow();
      return (await showFinding(db, { finding: id })).unticketed;
    },
    flood: () =>
      db
        .selectFrom('bot_findings')
        .select('id')
        .where('component_key', '=', 'flood')
        .executeTakeFirstOrThrow(),
  };
}

test('the alarms of a silenced flood count as silenced, and say that they are its parts', async () => {
  const { alarms, round, slot, silence, counts, whyNone, flood } = await floodScene();
  await alarms(60);
  await round();
  expect(await counts()).toMatchObject({
    open: [{ severity: 'high', count: 1 }],
    quiet: { suppressed: 60, silenced: 0 },
    without: [],
  });
  await silence('alarms of alarms');
  await slot();
  const { id } = await flood();
  expect(await whyNone('alarm/k5')).toEqual({ why: 'flood', flood: id });
  expect(await counts()).toEqual({
    open: [{ severity: 'high', count: 61 }],
    quiet: { suppressed: 0, silenced: 61, maintenance: 0 },
    without: [{ severity: 'high', count: 60, silenced: 60, maintained: 0 }],
  });
});

test('a silence about one of its alarms is about this one alone', async () => {
  const { alarms, round, silence, counts, whyNone, tickets } = await floodScene();
  await silence('c5');
  await alarms(60);
  await round();
  expect(await counts()).toMatchObject({ quiet: { suppressed: 60, silenced: 0 }, without: [] });
  expect(await whyNone('alarm/k5')).toBeNull();
  expect(await tickets()).toHaveLength(1);
});

test('when a person has resolved its ticket, its alarms do not promise tickets of their own', async () => {
  const { db, alarms, round, slot, whyNone, tickets } = await floodScene();
  await alarms(60);
  await round();
  await sql`UPDATE bot_tickets SET status = 'resolved', resolved_by = 'ann', resolved_at = engine.now(), resolution_notes = 'x'`.execute(
    db,
  );
  await slot();
  expect(await whyNone('alarm/k5')).toMatchObject({ why: 'flood' });
  expect(await tickets()).toMatchObject([{ status: 'resolved' }]);
});

test('a flood in maintenance is held back with its alarms; when the window is over, one ticket tells of all', async () => {
  const { db, alarms, round, slot, movable, counts, whyNone, tickets } = await floodScene();
  const move = await movable();
  await addMaintenance(
    { db, actor },
    {
      scope: {
        bots: [],
        components: ['alarms of alarms'],
        categories: [],
        severities: [],
        skipRuns: false,
      },
      times: { timezone: 'UTC', for: 3_600 },
      reason: 'the move',
    },
  );
  await alarms(60);
  await round();
  expect(await tickets()).toEqual([]);
  expect(await whyNone('alarm/k5')).toMatchObject({ why: 'flood' });
  expect(await counts()).toMatchObject({
    quiet: { suppressed: 0, silenced: 0, maintenance: 61 },
    without: [{ count: 61, silenced: 0, maintained: 61 }],
  });
  await move(3_700);
  await slot();
  expect(await tickets()).toMatchObject([{ title: expect.stringMatching(/^Flood/) }]);
  await alarms(60);
  await round();
  await alarms(60, 'resolved');
  await round();
  expect(await tickets()).toMatchObject([{ status: 'resolved' }]);
});

test('when a person lowers its ticket, its alarms get none, and say why', async () => {
  const { db, alarms, round, counts, whyNone, tickets } = await floodScene();
  await alarms(60);
  await round();
  await overrideSeverity(
    { db, actor },
    { ticket: 'T-1', severity: 'low', reason: 'only a test system' },
  );
  await alarms(60);
  await round();
  expect(await tickets()).toHaveLength(1);
  expect(await whyNone('alarm/k5')).toMatchObject({ why: 'flood' });
  // The low ticket may be left for the next day, so it tells of no high finding.
  expect(await counts()).toMatchObject({ without: [{ severity: 'high', count: 60 }] });
});
