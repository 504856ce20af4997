import { sql } from 'kysely';
import type { Db } from '../../../src/database/connect.ts';

/** `count` bots, planned already, whose slots came due a moment ago (or come in an hour). */
export async function plantBots(
  db: Db,
  count: number,
  { due, endpoint = '/api/bots/trivial' }: { due: boolean; endpoint?: string },
): Promise<void> {
  await sql`TRUNCATE bots CASCADE`.execute(db);
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, checked_version, next_slot_at, next_execution_at)
    SELECT 'bot-' || i, 'Bot', (i % 60) || ' * * * *', ${endpoint}, 1, slot, slot
    FROM generate_series(1, ${count}::int) i,
         (SELECT date_trunc('minute', now()) + ${due ? '0' : '1 hour'}::interval AS slot) s`.execute(
    db,
  );
  await sql`VACUUM ANALYZE bots`.execute(db);
}
