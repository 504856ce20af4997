/** Ten thousand different alarms of one source. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { sourceScene } from './scene.ts';

test(
  'ten thousand different alarms are one ticket; each is recorded, and cleared',
  { timeout: 300_000 },
  async () => {
    const { db, bot, round } = await sourceScene({ config: { severity: 'high' } });
    const receive = async (state: string) => {
      for (let from = 1; from <= 10_000; from += 1_000)
        await sql`
    SELECT engine.receive(jsonb_agg(jsonb_build_object('bot_id', ${bot}::uuid, 'delivery_id', ${state}::text || n, 'event', 'alarms',
      'secret', 'IN_KEY', 'alarms', jsonb_build_array(jsonb_build_object('key', 'k' || n, 'state', ${state}::text, 'severity', null,
        'title', 't' || n, 'description', null, 'component', 'c' || n, 'link', null, 'at', null))) ORDER BY n))
    FROM generate_series(${from}::int, ${from + 999}::int) n`.execute(db);
    };
    const readAll = async () => {
      for (let runs = await round(); runs.length > 0; runs = await round())
        expect(runs).toMatchObject([{ status: 'success' }]);
    };
    const counts = async () =>
      (
        await sql<{ open: number; all: number; tickets: number; pending: number }>`
        SELECT count(*) FILTER (WHERE resolved_at IS NULL)::int AS open, count(*)::int AS all,
               (SELECT count(*)::int FROM bot_tickets) AS tickets,
               (SELECT count(*)::int FROM bot_tickets WHERE status IN ('open', 'assigned')) AS pending
        FROM bot_findings WHERE component_key LIKE 'alarm/%'`.execute(db)
      ).rows[0];
    await receive('firing');
    await readAll();
    expect(await counts()).toEqual({ open: 10_000, all: 10_000, tickets: 1, pending: 1 });
    await receive('resolved');
    await readAll();
    expect(await counts()).toEqual({ open: 0, all: 10_000, tickets: 1, pending: 1 });
  },
);
