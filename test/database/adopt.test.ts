import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sql, type Kysely } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { bookCredits } from '../../src/data/credits/ledger.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { planBots } from '../../src/schedule/plan.ts';
import { testDatabase } from '../support/database.ts';
import { supabaseDatabase } from '../support/supabase.ts';
import {
  columnsOf,
  files,
  madeByHand,
  platform,
  schemaOf,
  valuesOf,
  wrongLedgers,
} from './adopt-platform.ts';

const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));
const reference = schemaOf((await testDatabase()).db);

describe('a platform with rows in all 36 tables', () => {
  let db: Kysely<any>;
  let url: string;
  let columns: Map<string, string[]>;
  let before: Record<string, unknown[]>;
  beforeAll(async () => {
    ({ db, url } = await madeByHand(platform));
    columns = await columnsOf(db);
    before = await valuesOf(db, columns);
    await migrateToLatest(db);
  });

  it('has a row in each', () => {
    expect(Object.keys(before)).toHaveLength(36);
    expect(Object.entries(before).filter(([, rows]) => rows.length === 0)).toEqual([]);
  });

  it('keeps every id and every value, and ends in the schema of a new database', async () => {
    expect(await valuesOf(db, columns)).toEqual(before);
    expect(await schemaOf(db)).toEqual(await reference);
  });

  it('has its bookings in the order of their balances, and new ones follow them', async () => {
    const { rows } = await sql<{ user: string; ids: string }>`
      SELECT right(user_id::text, 1) AS user, string_agg(right(id::text, 1), ' ' ORDER BY seq) AS ids
      FROM credits GROUP BY 1 ORDER BY 1`.execute(db);
    expect(rows).toEqual([
      { user: '1', ids: '9 1' },
      { user: '2', ids: '2 4 5 3' },
      { user: '4', ids: '7 6' },
      { user: '5', ids: '8' },
    ]);
    expect(await wrongLedgers(db)).toEqual([]);
    const user_id = 'a0000000-0000-4000-8000-000000000001';
    const booked = await bookCredits(db, { user_id, amount: 1, type: 'bonus' });
    expect(booked.balance_after).toBe(11);
    expect(Number(booked.seq)).toBeGreaterThan(9);
    expect(await wrongLedgers(db)).toEqual([]);
  });

  it('claims of its runs only what is known', async () => {
    const { rows } = await sql`
      SELECT right(id::text, 1) AS id, status, trigger, scheduled_for, generation, attempt, fence, worker, queued_at::text
      FROM bot_executions ORDER BY id`.execute(db);
    const run = {
      trigger: 'manual',
      scheduled_for: null,
      generation: 0,
      attempt: 0,
      fence: null,
      worker: null,
    };
    expect(rows).toEqual([
      { ...run, id: '1', status: 'success', queued_at: '2024-11-20 10:00:00+00' },
      { ...run, id: '2', status: 'failed', queued_at: '2024-11-20 10:05:00+00' },
      { ...run, id: '3', status: 'timeout', queued_at: '2024-11-20 10:04:00+00' },
    ]);
    const { rows: next } =
      await sql`INSERT INTO bot_executions (bot_id, status, started_at, scheduled_for)
      SELECT id, 'queued', now(), now() FROM bots WHERE name = 'janitor' RETURNING trigger`.execute(
        db,
      );
    expect(next).toEqual([{ trigger: 'schedule' }]);
    await sql`DELETE FROM bot_executions WHERE status = 'queued'`.execute(db);
  });

  it('has a separate problem for each old finding', async () => {
    const { rows } = await sql`
      SELECT right(id::text, 1) AS id, check_name, component_key, fingerprint = 'adopted-' || id AS own, occurrences,
             coalesce(detected_at, resolved_at) = last_seen_at AS seen,
             (resolved_at IS NULL) = (unexamined_since IS NOT NULL) AS unexamined, last_execution_id = execution_id AS in_run
      FROM bot_findings ORDER BY id`.execute(db);
    const finding = {
      check_name: 'adopted',
      own: true,
      occurrences: 1,
      seen: true,
      unexamined: true,
    };
    expect(rows).toEqual([
      { ...finding, id: '1', component_key: 'logo', in_run: true },
      { ...finding, id: '2', component_key: 'logo', in_run: true },
      { ...finding, id: '3', component_key: '', in_run: null },
      { ...finding, id: '4', component_key: 'disk', in_run: null },
    ]);
  });

  it('has each old action as a heal of one step, which is over', async () => {
    const { rows } = await sql`
      SELECT right(id::text, 1) AS id, heal_id = id AS own, state, right(fingerprint, 1) AS of, remedy, risk, step, knowledge_id,
             idempotency_key = 'adopted-' || id AS key, applied_at = taken_at AS applied
      FROM bot_actions ORDER BY id`.execute(db);
    const action = { own: true, risk: 'irreversible', step: 0, knowledge_id: null, key: true };
    expect(rows).toEqual([
      { ...action, id: '1', state: 'failed', of: '1', remedy: 'restart', applied: null },
      { ...action, id: '2', state: 'verified', of: '4', remedy: 'clean', applied: true },
      { ...action, id: '3', state: 'verified', of: '3', remedy: 'clean', applied: null },
    ]);
  });

  it('gives its tickets numbers and the fingerprints of their findings', async () => {
    const { rows } = await sql<{ number: number }>`
      SELECT t.number::int, right(t.fingerprint, 1) AS of, f.fingerprint = t.fingerprint AS same, t.occurrences
      FROM bot_tickets t LEFT JOIN bot_findings f ON f.id = t.finding_id ORDER BY t.id`.execute(db);
    expect(rows.map(({ number }) => number).toSorted()).toEqual([1, 2, 3, 4, 5]);
    const ticket = { number: expect.any(Number), same: true, occurrences: 1 };
    expect(rows).toEqual([
      { ...ticket, of: '1' },
      { ...ticket, of: '2' },
      { ...ticket, of: '3', same: null },
      { ...ticket, of: '1' },
      { ...ticket, of: '4' },
    ]);
  });

  it('has its knowledge start in shadow', async () => {
    const { rows } = await sql`SELECT name = 'adopted-' || id AS own, enabled, autonomy
      FROM bot_knowledge ORDER BY id`.execute(db);
    const entry = { own: true, enabled: true, autonomy: 'shadow' };
    expect(rows).toEqual([entry, entry]);
  });

  it.each([
    ['bots list', 'bots', 2],
    ['runs list', 'bot_executions', 3],
    ['findings list --all', 'bot_findings', 4],
    ['tickets list --all', 'bot_tickets', 5],
    ['knowledge list', 'bot_knowledge', 2],
  ])('is what `%s` shows', async (command, table, count) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [bin, ...command.split(' '), '--json'],
      {
        env: { PATH: process.env.PATH, DATABASE_URL: url },
      },
    );
    const shown = (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id);
    expect(shown).toHaveLength(count);
    const { rows } = await sql<{ id: string }>`SELECT id FROM ${sql.table(table)}`.execute(db);
    expect(shown.toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
  });

  it('has bots that are planned as new ones: earlier slots are not made up for', async () => {
    const catalogue = catalogueOf(bots, remedies);
    await sql`UPDATE bots SET api_endpoint = '/api/bots/lookout' WHERE name = 'sentinel'`.execute(
      db,
    );
    expect(await planBots(db, catalogue)).toMatchObject({
      planned: 0,
      refused: [{ name: 'sentinel', reason: expect.stringContaining('names no bot') }],
    });
    await sql`UPDATE bots SET api_endpoint = 'bot:janitor' WHERE name = 'sentinel'`.execute(db);
    expect(await planBots(db, catalogue)).toEqual({ planned: 1, refused: [], failed: [] });
    const { rows } = await sql`
      SELECT name, status, next_slot_at > engine.now() AS ahead, next_execution_at = next_slot_at AS planned
      FROM bots ORDER BY name`.execute(db);
    expect(rows).toEqual([
      { name: 'janitor', status: 'paused', ahead: null, planned: null },
      { name: 'sentinel', status: 'active', ahead: true, planned: true },
    ]);
  });
});

describe('a platform on Supabase whose tables force row level security on their owner', () => {
  it('is adopted with all its rows', async () => {
    const { db } = await supabaseDatabase();
    const { readFile } = await import('node:fs/promises');
    for (const file of files.filter((each) => /^v[1-5]_/.test(each)))
      await sql
        .raw(await readFile(new URL(`../../migrations/${file}`, import.meta.url), 'utf8'))
        .execute(db);
    await sql.raw(platform).execute(db);
    const columns = await columnsOf(db);
    const before = await valuesOf(db, columns);
    for (const table of columns.keys())
      await sql`ALTER TABLE ${sql.table(table)} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`.execute(
        db,
      );
    await migrateToLatest(db);
    for (const table of columns.keys())
      await sql`ALTER TABLE ${sql.table(table)} NO FORCE ROW LEVEL SECURITY`.execute(db);
    expect(await valuesOf(db, columns)).toEqual(before);
    const { rows } = await sql`SELECT count(DISTINCT seq)::int AS placed FROM credits`.execute(db);
    expect(rows).toEqual([{ placed: 9 }]);
  });
});
