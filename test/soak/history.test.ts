/** What people ask every day costs the same, however many runs there were before: by the pages that the server touches. */
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { connect, type Db } from '../../src/database/connect.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { stillClock } from '../support/clocks.ts';
import { testDatabase } from '../support/database.ts';
import { schedules, soakCatalogue } from './bots.ts';
import { readQueries } from './measure.ts';
import { dayMs } from './time.ts';

const now = new Date('2026-06-01T00:00:30Z');

/** So many days of runs that have ended, each 500th of them failed, with findings, tickets and decisions that are settled. */
async function plantHistory(db: Db, from: Date, to: Date): Promise<void> {
  for (const [name, , minutes] of schedules.documented)
    await sql`
      INSERT INTO bot_executions (bot_id, status, trigger, scheduled_for, queued_at, started_at, completed_at, execution_time_ms,
                                  checks_performed, attempt, generation, created_at, reason, metadata)
      SELECT b.id, CASE WHEN extract(epoch FROM at)::bigint / 60 % 5000 = 0 THEN 'failed' ELSE 'success' END, 'schedule', at, at, at, at, 40, 1, 1, 1, at, NULL,
             '{"checks": [{"name": "is-well", "title": "Is it well?", "status": "passed", "ms": 1, "examined": 25, "findings": 0}]}'
      FROM bots b, generate_series(${from}::timestamptz, ${to}::timestamptz - interval '1 minute', make_interval(mins => ${minutes}::int)) at
      WHERE b.name = ${name}`.execute(db);
  await sql`
    WITH runs AS (
      SELECT bot_id, id, started_at AS at, row_number() OVER () AS n FROM bot_executions
      WHERE started_at >= ${from} AND started_at < ${to} AND extract(epoch FROM started_at)::bigint / 60 % 60 = 0
    ), findings AS (
      INSERT INTO bot_findings (bot_id, execution_id, severity, category, title, affected_component, check_name, component_key, fingerprint,
                                detected_at, last_seen_at, resolved_at, resolution_method)
      SELECT bot_id, id, 'high', 'c', 'It is slow', 'k' || n, 'is-well', 'k' || n, id::text, at, at, at, 'cleared' FROM runs
      RETURNING id, bot_id, fingerprint, detected_at
    )
    INSERT INTO bot_tickets (bot_id, finding_id, fingerprint, severity, title, description, status, resolution_notes, resolved_at, resolved_by, created_at, updated_at)
    SELECT bot_id, id, fingerprint, 'high', 'It is slow', 'It is slow', 'closed', 'gone', detected_at, 'roundsman', detected_at, detected_at FROM findings`.execute(
    db,
  );
  await sql`VACUUM ANALYZE`.execute(db);
}

test('commands that people ask every day read no more after 60 days than after 12', async () => {
  const { db, url } = await testDatabase();
  await stillClock(db, now.toISOString());
  const { bots, remedies } = soakCatalogue('documented');
  await registerCatalogue(db, catalogueOf(bots, remedies));
  const back = (days: number) => new Date(Date.UTC(2026, 5, 1) - days * dayMs);
  const reader = connect(url, { max: 1 });
  onTestFinished(() => reader.destroy());

  await plantHistory(db, back(12), back(0));
  const early = await readQueries(reader, now, 2);
  await plantHistory(db, back(60), back(12));
  const late = await readQueries(reader, now, 2);

  const growing = Object.entries(late)
    .filter(([name, { pages }]) => pages > 1.5 * early[name]!.pages + 100)
    .map(([name, { pages }]) => `${name}: ${early[name]!.pages} pages, and then ${pages}`);
  expect(growing).toEqual([]);
}, 120_000);
