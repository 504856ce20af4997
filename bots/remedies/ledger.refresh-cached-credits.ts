/** Sets profiles.credits to the ledger's sum where they differ. The ledger itself is only read. */
import { defineRemedy, sql, z } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { balances, isDrifted } from '../ledger.ts';

const params = z.strictObject({ max_users: z.int().min(1).max(10_000).default(1000) });

/** The evidence lists at most this many users. */
const maxListed = 100;

interface Refreshed {
  user_id: string;
  before: number | null;
  after: number;
}

const evidenceOf = (rows: Refreshed[], value: 'before' | 'after') => ({
  users: rows.length,
  credits: Object.fromEntries(rows.slice(0, maxListed).map((row) => [row.user_id, row[value]])),
});

export const refreshCachedCredits = defineRemedy({
  name: 'ledger.refresh-cached-credits',
  title: 'Set cached credits to what the ledger says',
  risk: 'safe',
  params,
  async isDone(_params, { db }) {
    const { rows } = await sql`SELECT FROM (${balances}) b WHERE ${isDrifted} LIMIT 1`.execute(db);
    return rows.length === 0;
  },
  async apply({ max_users }, { db }) {
    // Two statements: the second one's snapshot is taken after the rows are locked. In a single statement, a spend
    // that commits at this moment would be seen in the profile and missed in the sum.
    const { rows: locked } = await sql<{ id: string }>`
      SELECT id FROM profiles
      WHERE id IN (
        SELECT user_id FROM (${balances}) b WHERE ${isDrifted} ORDER BY user_id LIMIT ${max_users}
      )
      -- Locks profiles by id.
      ORDER BY id FOR UPDATE`.execute(db);
    const { rows } = await sql<Refreshed>`
      SELECT user_id, cached AS before, engine.refresh_cached_credits(user_id) AS after
      FROM (${balances}) b WHERE user_id = ANY (${locked.map(({ id }) => id)}::uuid[]) AND ${isDrifted}
      ORDER BY user_id`.execute(db);
    return {
      summary: `refreshed the cached credits of ${counted(rows.length, 'user')}`,
      before: evidenceOf(rows, 'before'),
      after: evidenceOf(rows, 'after'),
    };
  },
});
