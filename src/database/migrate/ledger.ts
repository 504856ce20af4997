/**
 * Checks an existing ledger. Three figures say what a user has: profiles.credits, the sum of the bookings (the
 * document's get_user_credits) and the last balance. Where they disagree, only the platform's owner knows which one is
 * right. So this books nothing and drops nothing: it reports a difference.
 */
import type { RowRule } from './row-rule.ts';

// A user's bookings are right if they can be put in an order in which each balance is the previous balance plus the
// amount, beginning with 0. Think of balances as the nodes of a graph and of bookings as its directed edges: such an
// order is a walk along all edges, each once (an Eulerian path). It exists if each balance except the first and the last
// has as many outgoing edges as incoming ones, and if all of them can be reached from 0. The second condition is slow to
// test, so it is tested only for users whose bookings are not right in order of time.
const brokenUsers = `
  WITH RECURSIVE ledger AS (
    SELECT user_id, balance_after::bigint - amount AS before, balance_after::bigint AS after,
           lag(balance_after, 1, 0) OVER (PARTITION BY user_id ORDER BY created_at NULLS FIRST, id) AS last
    FROM public.credits WHERE user_id IS NOT NULL
  ), suspects AS MATERIALIZED (
    SELECT user_id, before, after FROM ledger
    WHERE user_id IN (SELECT user_id FROM ledger WHERE before <> last)
  ), ends AS (
    SELECT user_id, sum(after - before) AS total FROM suspects GROUP BY user_id
  ), unbalanced AS (
    SELECT user_id FROM (
      SELECT user_id, before AS balance, 1 AS departures FROM suspects
      UNION ALL SELECT user_id, after, -1 FROM suspects
      UNION ALL SELECT user_id, 0, -1 FROM ends
      UNION ALL SELECT user_id, total, 1 FROM ends) ways
    GROUP BY user_id, balance HAVING sum(departures) <> 0
  ), reached AS (
    SELECT user_id, 0::bigint AS balance FROM ends WHERE user_id NOT IN (SELECT user_id FROM unbalanced)
    UNION SELECT s.user_id, s.after FROM reached r JOIN suspects s ON s.user_id = r.user_id AND s.before = r.balance
  )
  SELECT user_id FROM unbalanced
  UNION SELECT user_id FROM suspects s
  WHERE NOT EXISTS (SELECT FROM reached r WHERE r.user_id = s.user_id AND r.balance = s.before)`;

export const chainRule: RowRule = {
  table: 'credits',
  column: 'balance_after',
  wrong: `t.user_id IN (${brokenUsers})`,
  why: 'is not the previous balance plus the amount, in whatever order these bookings are read',
  mend: 'if the amounts are right: UPDATE credits c SET balance_after = s.balance FROM (SELECT id, sum(amount) OVER (PARTITION BY user_id ORDER BY created_at NULLS FIRST, id) AS balance FROM credits) s WHERE s.id = c.id AND c.balance_after <> s.balance',
};

export const creditsRule: RowRule = {
  table: 'profiles',
  column: 'credits',
  wrong:
    't.credits IS DISTINCT FROM (SELECT coalesce(sum(amount), 0) FROM public.credits c WHERE c.user_id = t.id)',
  why: 'is not the sum of the bookings in credits',
  mend: `if the bookings are right: UPDATE profiles SET credits = get_user_credits(id) WHERE credits IS DISTINCT FROM get_user_credits(id); if profiles.credits is: INSERT INTO credits (user_id, amount, type, description, balance_after) SELECT id, credits - get_user_credits(id), CASE WHEN credits > get_user_credits(id) THEN 'bonus' ELSE 'usage' END, 'Carried over: the bookings did not add up to the balance', credits FROM profiles WHERE credits <> get_user_credits(id)`,
  alsoReads: ['credits'],
};
