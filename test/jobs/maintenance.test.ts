/** The job `maintenance`: when it works, and what waits meanwhile. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { maintenance } from '../../jobs/maintenance.ts';
import { ticketUnderMaintenance } from '../../src/data/bots/bot-maintenance.ts';
import type { Db } from '../../src/database/connect.ts';
import { removeSetting, writeSetting } from '../../src/data/settings/rows.ts';
import { claimJobs } from '../../src/schedule/claim-jobs.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { cancelJobRun } from '../../src/transitions/jobs/cancel.ts';
import { giveTimeBack } from '../../src/transitions/tickets/give-time-back.ts';
import { roundsman } from '../cli/command.ts';
import { insertBot, insertFinding, insertTicket } from '../cli/rows.ts';
import { backends, type Backend } from '../support/backends.ts';
import { testDatabaseWithQueue } from '../support/database.ts';
import { startFlow } from '../support/engine.ts';
import { aTable, busy, change, deleteMost, session, slowDown } from '../upkeep/scene.ts';
import { aRun, carried, jobRow, noBots, owedSince } from './job-flow.ts';

const [postgres] = backends as [Backend];
const settled = { timeout: 20_000, interval: 50 };

async function scene() {
  const database = await testDatabaseWithQueue();
  await sql`ANALYZE`.execute(database.db);
  const { jobEngine } = await startFlow(postgres, noBots, {
    database,
    jobs: [maintenance],
    roles: [],
  });
  await registerJobs(database.db, [maintenance]);
  return { ...database, database, jobEngine };
}

const windowOf = async (db: Db, id: string) =>
  (
    await sql<{
      owner: string;
      severities: string[];
      in_force: boolean;
      until: Date;
      ended_by: string | null;
    }>`
      SELECT owner, severities, ended_by, occurrences @> engine.now() AS in_force, upper(occurrences) AS until
      FROM bot_maintenance WHERE id = ${id}`.execute(db)
  ).rows[0];

test('while it works on tables, tickets of low severity wait and others do not; afterwards none waits', async () => {
  const { db, url, database, jobEngine } = await scene();
  await aTable(db, 'orders', 20_000);
  await deleteMost(db, 'orders');
  await slowDown(database);
  const bot = await insertBot(db, 'orders');
  for (const severity of ['low', 'high'] as const) {
    const finding = await insertFinding(db, bot, `it is ${severity}`, {
      severity,
      fingerprint: severity,
    });
    await insertTicket(db, bot, `it is ${severity}`, {
      severity,
      finding_id: finding,
      fingerprint: severity,
      respond_by: new Date(Date.now() + 3_600_000),
    });
  }
  const waiting = async () =>
    (
      await sql<{
        severity: string;
      }>`SELECT severity FROM bot_tickets t WHERE ${ticketUnderMaintenance('t')}`.execute(db)
    ).rows.map(({ severity }) => severity);
  const entry = await aRun(db, maintenance, { minutes: 30 });
  const ended = carried(jobEngine, entry);
  await expect.poll(busy(db), settled).toEqual([expect.stringMatching(/^VACUUM/)]);
  expect(await waiting()).toEqual(['low']);
  expect(await windowOf(db, entry.id)).toMatchObject({
    owner: 'roundsman',
    severities: ['low', 'info'],
    in_force: true,
  });
  const listed = await roundsman(url, 'maintenance', 'list', '-o', 'table');
  expect(listed.out).toMatch(
    /what is low or info +1 finding, 1 ticket +until .* once +roundsman +the job maintenance works/,
  );

  // A person ends it: the server's work is broken off, and what waited is told.
  expect(await cancelJobRun(db, entry.id, 'ann')).toBe('running');
  expect(await ended).toMatchObject({ status: 'cancelled', cancel_requested_by: 'ann' });
  await expect.poll(busy(db), settled).toEqual([]);
  await expect
    .poll(() => windowOf(db, entry.id), settled)
    .toMatchObject({ in_force: false, ended_by: 'roundsman' });
  expect(await waiting()).toEqual([]);
  expect(await giveTimeBack(db, 100)).toBe(1);
}, 60_000);

test('a run that is asked for works as long as it is asked to; what it does is in its figures', async () => {
  const { db, jobEngine } = await scene();
  await aTable(db, 'orders', 20_000);
  await deleteMost(db, 'orders');
  // Windows of earlier runs, of a person, and one of which not all tickets have their time back.
  await sql`
    INSERT INTO bot_maintenance (owner, reason, occurrences, clocks_until)
    SELECT owner, reason, tstzmultirange(tstzrange(engine.now() - make_interval(days => days + 1), engine.now() - make_interval(days => days))),
      engine.now() - make_interval(days => clocks)
    FROM (VALUES ('roundsman', 'the job maintenance works on tables and indexes', 91, 90), ('roundsman', 'the job maintenance works on tables and indexes', 89, 0),
      ('roundsman', 'the job maintenance works on tables and indexes', 92, 93), ('ann', 'the job maintenance works on tables and indexes', 91, 0)) w (owner, reason, days, clocks)`.execute(
    db,
  );
  const began = Date.now();
  const entry = await aRun(db, maintenance, { minutes: 10 });
  const row = await carried(jobEngine, entry);
  expect(row).toMatchObject({
    status: 'success',
    figures: {
      worked: true,
      ended: 'done',
      vacuumed: 1,
      tables: [
        {
          table: 'public.orders',
          did: 'vacuum and analyze',
          bytes_before: expect.any(Number),
          bytes_after: expect.any(Number),
        },
      ],
    },
  });
  const { rows: kept } = await sql<{ days: number }>`
    SELECT extract(day FROM engine.now() - upper(occurrences))::int AS days FROM bot_maintenance WHERE id <> ${entry.id} ORDER BY 1`.execute(
    db,
  );
  expect(kept.map(({ days }) => days)).toEqual([89, 91, 92]);
  const until = new Date((row.figures as { until: string }).until).getTime();
  expect(Math.abs(until - began - 600_000)).toBeLessThan(60_000);
  for (const wrong of [{ minutes: 0 }, { minutes: 721 }, { hours: 1 }])
    expect(await carried(jobEngine, await aRun(db, maintenance, wrong))).toMatchObject({
      status: 'failed',
      reason: 'payload',
    });
}, 60_000);

test('an attempt that is begun again ends when the first one would have', async () => {
  const { db, url, jobEngine } = await scene();
  const other = await session(url);
  await other.query(`SELECT pg_advisory_lock(hashtextextended('roundsman maintenance', 0))`);
  const entry = await aRun(db, maintenance, { minutes: 10 });
  const refused = await carried(jobEngine, entry);
  expect(refused).toMatchObject({ status: 'queued', attempt: 1, reason: 'job failed' });
  expect(refused.error_message).toContain('another process works on the tables of this database');
  // Nothing waits while nothing is worked on.
  expect(await windowOf(db, entry.id)).toMatchObject({ in_force: false });
  // As if five minutes had passed since.
  await sql`
    UPDATE bot_maintenance SET occurrences = tstzmultirange(tstzrange(engine.now() - interval '5 minutes', engine.now() - interval '4 minutes'))`.execute(
    db,
  );
  await other.end();
  await sql`UPDATE engine.job_runs SET run_after = NULL`.execute(db);
  const { generation } = await jobRow(db, entry.id);
  const row = await carried(jobEngine, { ...entry, generation });
  expect(row).toMatchObject({ status: 'success', attempt: 2 });
  const until = new Date((row.figures as { until: string }).until).getTime();
  expect(Math.abs(until - Date.now() - 300_000)).toBeLessThan(60_000);
}, 60_000);

test('in the mode off nothing is worked on', async () => {
  const { db, jobEngine } = await scene();
  await aTable(db, 'orders', 20_000);
  await deleteMost(db, 'orders');
  await writeSetting(db, { key: 'mode', value: 'off', by: 'ann' });
  expect(await carried(jobEngine, await aRun(db, maintenance))).toMatchObject({
    status: 'success',
    figures: { worked: false, why: expect.stringContaining('the mode is off') },
  });
  await writeSetting(db, { key: 'mode', value: 'safe', by: 'ann' });
  expect(await carried(jobEngine, await aRun(db, maintenance))).toMatchObject({
    figures: { worked: true, vacuumed: 1 },
  });
}, 60_000);

/** Hours in UTC that begin so many minutes ago, and last for so many. */
function hoursAround(minutesAgo: number, length: number): string {
  const from = new Date(Date.now() - minutesAgo * 60_000);
  const until = new Date(from.getTime() + length * 60_000);
  const clock = (at: Date) => at.toISOString().slice(11, 16);
  return `daily ${clock(from)}-${clock(until)} UTC`;
}

test('its hours are those of the setting: a slot that is claimed late ends with them, and one that is claimed after them does nothing', async () => {
  const { db, url, jobEngine } = await scene();
  const set = (value: unknown) => writeSetting(db, { key: 'maintenance_hours', value, by: 'ann' });
  const claimed = async () => {
    await owedSince(db, 'maintenance', '3 hours');
    return claimJobs(db, [maintenance]);
  };
  await set(hoursAround(5, 60));
  const [slot] = (await claimed()).queued;
  const worked = await carried(jobEngine, slot!);
  expect(worked).toMatchObject({ status: 'success', figures: { worked: true } });
  const { until } = worked.figures as { until: string };
  expect(new Date(until).getTime() - worked.scheduled_for!.getTime()).toBe(3_600_000);

  await set(hoursAround(90, 30));
  const [late] = (await claimed()).queued;
  expect(await carried(jobEngine, late!)).toMatchObject({
    status: 'success',
    figures: { worked: false, why: 'its hours were over before it began' },
  });

  await set('off');
  expect(await claimed()).toMatchObject({ queued: [], skipped: 0, failed: [] });
  const off = await roundsman(url, 'jobs', 'show', 'maintenance');
  expect(off.out).toMatch(/^Next .* never: maintenance_hours says that it has no slots$/m);

  await set('some time');
  expect(await claimed()).toMatchObject({ queued: [], failed: [{ job: 'maintenance' }] });
  const unreadable = await roundsman(url, 'jobs', 'show', 'maintenance');
  expect(unreadable.out).toMatch(
    /never: maintenance_hours cannot be read: it has to be days, two times and a zone, or off$/m,
  );

  await removeSetting(db, 'maintenance_hours');
  const usual = (await roundsman(url, 'jobs', 'show', 'maintenance', '--json')).json();
  expect(usual).toMatchObject({
    schedule: 'CRON_TZ=America/New_York 0 2 * * 0',
    why_no_slots: null,
  });
  const wrong = await roundsman(url, 'settings', 'maintenance_hours', 'Sun 02:00');
  expect(wrong.code).toBe(2);
  expect(wrong.err.replaceAll(/\s+/g, ' ')).toContain(
    'it has to be days, two times and a zone, or off',
  );
  const right = await roundsman(
    url,
    'settings',
    'maintenance_hours',
    'Sat,Sun 03:00-04:00 Europe/Berlin',
  );
  expect(right.code, right.err).toBe(0);
  const next = (await roundsman(url, 'jobs', 'show', 'maintenance', '--json')).json();
  expect(next.schedule).toBe('CRON_TZ=Europe/Berlin 0 3 * * 0,6');
}, 60_000);

test('a table of which the last run was broken off comes after the others', async () => {
  const { db, jobEngine } = await scene();
  for (const name of ['orders', 'carts']) await aTable(db, name, 20_000);
  await deleteMost(db, 'orders');
  await change(db, sql`DELETE FROM carts WHERE id % 4 = 0`);
  const worked = async () => {
    const { figures } = await carried(jobEngine, await aRun(db, maintenance, { minutes: 10 }));
    return (figures as { tables: { table: string }[] }).tables.map(({ table }) => table);
  };
  await sql`
    INSERT INTO engine.job_runs (job, status, queued_at, completed_at, figures)
    SELECT 'maintenance', 'success', engine.now() - make_interval(days => days), engine.now() - make_interval(days => days), figures::jsonb
    FROM (VALUES (1, '{"worked": false}'), (7, '{"worked": true, "broken_off": ["public.orders"]}'), (14, '{"worked": true}')) r (days, figures)`.execute(
    db,
  );
  expect(await worked()).toEqual(['public.carts', 'public.orders']);
});
