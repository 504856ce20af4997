import { sql } from 'kysely';
import type { Db } from '../../../src/database/connect.ts';
import { stateOf } from '../../../src/database/faults/sql-states.ts';

/** Processes of the engine read these tables meanwhile, in another order: where that is a deadlock, it is tried again. */
async function truncateBots(db: Db): Promise<void> {
  for (let tries = 1; ; tries += 1)
    try {
      await sql`TRUNCATE bots CASCADE`.execute(db);
      return;
    } catch (error) {
      if (stateOf(error) !== '40P01' || tries === 5) throw error;
    }
}

/** `count` bots, planned already, whose slots came due a moment ago (or come in an hour). */
export async function plantBots(
  db: Db,
  count: number,
  { due, endpoint = '/api/bots/trivial' }: { due: boolean; endpoint?: string },
): Promise<void> {
  await truncateBots(db);
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, checked_version, next_slot_at, next_execution_at)
    SELECT 'bot-' || i, 'Bot', (i % 60) || ' * * * *', ${endpoint}, 1, slot, slot
    FROM generate_series(1, ${count}::int) i,
         (SELECT date_trunc('minute', now()) + ${due ? '0' : '1 hour'}::interval AS slot) s`.execute(
    db,
  );
  await sql`VACUUM ANALYZE bots`.execute(db);
}
