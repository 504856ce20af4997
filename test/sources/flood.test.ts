/** Very many different alarms of a source within a short time: one finding and one ticket stand for them, and none is lost. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { safeLines } from '../../src/notify/words/safe.ts';
import { sourceScene } from './scene.ts';

const limit = 20;

async function floodScene(config: object = {}) {
  const scene = await sourceScene({ config: { flood_alarms: limit, severity: 'high', ...config } });
  const { send, db } = scene;
  const all = (count: number, state: string, rest: object = {}, from = 0) =>
    Array.from({ length: count }, (_, n) => ({
      key: `k${from + n}`,
      state,
      title: `k${from + n}`,
      component: `c${from + n}`,
      ...rest,
    }));
  return {
    ...scene,
    all,
    alarms: (count: number, state = 'firing', rest: object = {}, from = 0) =>
      send({ alarms: all(count, state, rest, from) }),
    tickets: async () =>
      (
        await sql<{ title: string; status: string; severity: string; flood: boolean }>`
          SELECT t.title, t.status, t.severity, f.component_key = 'flood' AS flood
          FROM bot_tickets t JOIN bot_findings f ON f.id = t.finding_id ORDER BY t.number`.execute(
          db,
        )
      ).rows,
    behind: async () =>
      (
        await sql<{ open: number; all: number }>`
          SELECT count(*) FILTER (WHERE f.resolved_at IS NULL)::int AS open, count(*)::int AS all
          FROM bot_findings f JOIN bot_findings p ON p.id = f.suppressed_by WHERE p.component_key = 'flood'`.execute(
          db,
        )
      ).rows[0]!,
    flood: () =>
      db
        .selectFrom('bot_findings')
        .select([
          'title',
          'severity',
          'description',
          'resolved_at',
          'resolution_method',
          'metadata',
        ])
        .where('component_key', '=', 'flood')
        .orderBy('detected_at', 'desc')
        .executeTakeFirst(),
  };
}

test('as many as may come are told one by one', async () => {
  const { alarms, round, tickets, flood } = await floodScene();
  await alarms(limit);
  await round();
  expect(await flood()).toBeUndefined();
  expect(await tickets()).toHaveLength(limit);
});

test('more than that are one finding with one ticket; each is recorded, counted and cleared', async () => {
  const { alarms, round, tickets, flood, behind, findings } = await floodScene();
  await alarms(90);
  await round();
  expect(await flood()).toMatchObject({
    title: 'Flood of alarms: 90 different ones of the source alarms',
    severity: 'high',
    resolved_at: null,
  });
  expect(await tickets()).toMatchObject([{ flood: true, status: 'assigned', severity: 'high' }]);
  expect(await behind()).toEqual({ open: 90, all: 90 });
  await alarms(10);
  await alarms(10, 'firing', {}, 90);
  await round();
  expect(await flood()).toMatchObject({ title: expect.stringContaining('100 different ones') });
  expect((await findings()).filter(({ occurrences }) => occurrences === 2)).toHaveLength(11);
  await alarms(95, 'resolved');
  await round();
  expect(await behind()).toEqual({ open: 5, all: 100 });
  expect(await tickets()).toMatchObject([{ flood: true, status: 'assigned' }]);
});

test('alarms that were open before keep their tickets, and the flood begins beside them', async () => {
  const { alarms, round, tickets, behind } = await floodScene();
  await alarms(15);
  await round();
  await alarms(60);
  await round();
  expect(await behind()).toEqual({ open: 45, all: 45 });
  const all = await tickets();
  expect(all.filter(({ flood }) => !flood)).toHaveLength(15);
  expect(all.filter(({ flood }) => flood)).toHaveLength(1);
});

test('it ends when few are open and few come, and these few get tickets then', async () => {
  const { alarms, round, slot, tickets, flood, movable, behind } = await floodScene();
  const move = await movable();
  await alarms(90);
  await round();
  await move(11 * 60);
  await slot();
  expect(await flood()).toMatchObject({ resolved_at: null });
  await alarms(86, 'resolved');
  await round();
  expect(await flood()).toMatchObject({ resolved_at: expect.any(Date) });
  expect((await behind()).open).toBe(4);
  const all = await tickets();
  expect(all).toMatchObject([
    { flood: true, status: 'resolved' },
    ...Array.from({ length: 4 }, () => ({ flood: false, status: 'assigned' })),
  ]);
  await alarms(3);
  await round();
  expect(await tickets()).toHaveLength(8);
});

test('it does not end while new ones come, however fast they are resolved', async () => {
  const { alarms, round, flood, tickets } = await floodScene();
  for (let n = 0; n < 5; n += 1) {
    await alarms(30, 'firing', {}, 30 * n);
    await round();
    await alarms(30, 'resolved', {}, 30 * n);
    await round();
  }
  expect(await flood()).toMatchObject({
    resolved_at: null,
    title: expect.stringContaining('150 different ones'),
  });
  expect(await tickets()).toMatchObject([{ flood: true }]);
});

test('a critical alarm in it makes its ticket critical, and gets none of its own', async () => {
  const { alarms, round, tickets, flood } = await floodScene({ severity: 'medium' });
  await alarms(60);
  await round();
  expect(await tickets()).toMatchObject([{ severity: 'medium' }]);
  await alarms(30, 'firing', { severity: 'critical' }, 60);
  await round();
  expect(await flood()).toMatchObject({ severity: 'critical' });
  expect(await tickets()).toMatchObject([{ flood: true, severity: 'critical' }]);
});

test('a person who resolves its ticket hears of it again only when new alarms come', async () => {
  const { alarms, round, slot, tickets, db } = await floodScene();
  await alarms(60);
  await round();
  await sql`UPDATE bot_tickets SET status = 'resolved', resolved_by = 'ann', resolved_at = engine.now(), resolution_notes = 'x'`.execute(
    db,
  );
  await slot();
  await alarms(5, 'resolved');
  await round();
  expect(await tickets()).toMatchObject([{ flood: true, status: 'resolved' }]);
  await alarms(5, 'firing', {}, 60);
  await round();
  expect(await tickets()).toMatchObject([{ flood: true, status: 'assigned' }]);
});

test('a silence about it is one about its alarms', async () => {
  const { alarms, round, slot, tickets, db } = await floodScene();
  await alarms(60);
  await round();
  await sql`
    INSERT INTO bot_silences (component, owner, reason, expires_at)
    VALUES ('alarms of alarms', 'ann', 'known', engine.now() + interval '1 hour')`.execute(db);
  await slot();
  await alarms(5, 'firing', {}, 60);
  await round();
  expect(await tickets()).toHaveLength(1);
});

test('its alarms are its own, also where their components depend on another cause', async () => {
  const { alarms, round, alarm, tickets, behind } = await floodScene({
    depends_on: Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`c${n}`, ['database']])),
  });
  await alarm('database', 'firing', { severity: 'critical' });
  await round();
  await alarms(60);
  await round();
  expect(await behind()).toEqual({ open: 60, all: 60 });
  await alarm('database', 'resolved', { severity: 'critical' });
  await round();
  expect((await tickets()).map(({ status }) => status)).toEqual(['resolved', 'assigned']);
});

test('low alarms are a low flood, which has no ticket as they have none', async () => {
  const { alarms, round, tickets, flood } = await floodScene({ severity: 'low' });
  await alarms(60);
  await round();
  expect(await flood()).toMatchObject({ severity: 'low' });
  expect(await tickets()).toEqual([]);
});

test('a title is one line of what its ticket says, whatever line ends it has, and adds no alarm to it', async () => {
  const { alarms, round, flood } = await floodScene();
  await alarms(30, 'firing', { title: 'a disk\nis\r\nfull\u0085the\u2028database is\vgone' });
  await round();
  const [, newest] = (await flood())!.description!.split('The newest:\n');
  expect(safeLines(newest!)).toEqual(
    Array.from({ length: 10 }, () => 'a disk is full the database is gone'),
  );
});
