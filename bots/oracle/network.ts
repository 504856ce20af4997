/** Parts of statements about IP addresses. */
import { sql } from '../../src/bot.ts';
import type { AnyContext } from '../../src/bot.ts';
import type { Config } from './config.ts';

type Fragment = ReturnType<typeof sql>;

/**
 * The address without a mask; an IPv4 address that is written as IPv6 (::ffff:192.0.2.1) as IPv4. It is computed for each row: a join
 * with the distinct addresses becomes a nested loop where the statistics of the table are old.
 */
const plainAddress = (ip: Fragment) => sql`
  CASE WHEN family(${ip}) = 4 THEN set_masklen(${ip}, 32)
       WHEN ${ip} << '::ffff:0:0/96' THEN '0.0.0.0'::inet + (set_masklen(${ip}, 128) - '::ffff:0:0'::inet)
       ELSE set_masklen(${ip}, 128) END`;

/**
 * One client: the address, or the /64 of an IPv6 address, whose lower half a host chooses itself (RFC 4291, RFC 6177).
 */
export const clientOf = (ip: Fragment) => sql`
  CASE WHEN family(${ip}) = 4 THEN host(${ip}) WHEN ${ip} << '::ffff:0:0/96' THEN host(${plainAddress(ip)})
       ELSE network(set_masklen(${ip}, 64))::text END`;

/** A network: /24, or the /48 of a site in IPv6. A phone stays in few of them. */
export const networkOf = (ip: Fragment) => sql`
  CASE WHEN family(${ip}) = 4 OR ${ip} << '::ffff:0:0/96' THEN network(set_masklen((${plainAddress(ip)}), 24))::text
       ELSE network(set_masklen(${ip}, 48))::text END`;

/** RFC 1918, 3927, 4193, 4291, 6598: no client of the internet has such an address. */
const privateNetworks = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16',
  '::/127 fc00::/7 fe80::/10',
]
  .join(' ')
  .split(' ');

export const isPrivate = (ip: Fragment) =>
  sql`((${plainAddress(ip)}) <<= ANY (${privateNetworks}::inet[]))`;

/** Whether an address is examined: private ones and those of trusted_addresses are not. */
export const isClient = (ip: Fragment, { trusted_addresses }: Config) => sql`
  (${ip} IS NOT NULL AND NOT (${plainAddress(ip)}) <<= ANY (${[...privateNetworks, ...trusted_addresses]}::inet[]))`;

interface Sources {
  requests: number;
  addressed: number;
  private: number;
  /** the address with most requests */
  top: string | null;
  top_requests: number;
  top_users: number;
  top_signed_in: number;
}

/**
 * Ends the check where addresses say nothing about clients: none is recorded, or all are those of a proxy. One public address
 * with nearly all requests is a proxy if most of them belong to many users; otherwise it is an attacker.
 */
export async function requireClients(
  table: 'api_logs' | 'user_activity_log',
  { failed_actions }: Config,
  from: Date,
  { db, now, skip }: AnyContext,
): Promise<Sources> {
  // Only successes count: an attacker tries many users, and mostly fails.
  const succeeded =
    table === 'api_logs'
      ? sql`status_code < 400`
      : sql`NOT action_type = ANY (${failed_actions}::text[])`;
  const { rows } = await sql<Sources>`
    WITH clients AS MATERIALIZED (
      SELECT ip_address, count(*) AS requests, count(user_id) FILTER (WHERE ${succeeded}) AS signed_in,
        count(DISTINCT user_id) FILTER (WHERE ${succeeded}) AS users
      FROM ${sql.table(table)} WHERE created_at >= ${from} AND created_at <= ${now} GROUP BY ip_address
    ), top AS (
      SELECT * FROM clients WHERE ip_address IS NOT NULL ORDER BY requests DESC, ip_address LIMIT 1
    )
    SELECT coalesce(sum(c.requests), 0)::int AS requests, coalesce(sum(c.requests) FILTER (WHERE c.ip_address IS NOT NULL), 0)::int AS addressed,
      coalesce(sum(c.requests) FILTER (WHERE c.ip_address IS NOT NULL AND ${isPrivate(sql`c.ip_address`)}), 0)::int AS private,
      (SELECT host(ip_address) FROM top) AS top, coalesce((SELECT requests::int FROM top), 0) AS top_requests,
      coalesce((SELECT users::int FROM top), 0) AS top_users, coalesce((SELECT signed_in::int FROM top), 0) AS top_signed_in
    FROM clients c`.execute(db);
  const seen = rows[0]!;
  if (seen.requests > 0 && seen.addressed === 0)
    skip(
      `no row of ${table} in the window has an ip_address: have the platform record the IP address of the client`,
    );
  const hint = 'have the platform record the IP address of the client (X-Forwarded-For, Forwarded)';
  if (seen.addressed > 0 && seen.private === seen.addressed)
    skip(
      `all IP addresses in ${table} are private, as ${seen.top}: a proxy hides the clients; ${hint}`,
    );
  if (
    seen.top_requests >= 0.95 * seen.addressed &&
    seen.top_users >= 10 &&
    seen.top_signed_in >= seen.top_requests / 2
  )
    skip(
      `nearly all requests in ${table} come from ${seen.top}, for ${seen.top_users} users: a proxy hides the clients; ${hint}`,
    );
  return seen;
}
