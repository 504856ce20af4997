/** API requests by endpoint. */
import { sql, type Selectable } from 'kysely';
import { text } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { ApiLogs } from '../../database/tables.ts';
import { isWithin, type TimeSpan } from '../../database/time-span.ts';

export type ApiLog = Selectable<ApiLogs>;

const readEndpoint = (endpoint: string) => text('endpoint', endpoint, 255);

/** Requests to one endpoint, newest first. Throws BadInputError for `endpoint`, `limit`, `cursor`. */
export async function apiLogsOf(
  db: Db,
  endpoint: string,
  request: PageRequest = {},
): Promise<Page<ApiLog>> {
  const { after, order, at, take, page } = keyset(request, 'api_logs');
  const rows = await db
    .selectFrom('api_logs')
    .selectAll()
    .select(at.as('at'))
    .where('endpoint', '=', readEndpoint(endpoint))
    .where(after)
    .orderBy(order)
    .limit(take)
    .execute();
  return page(rows);
}

export interface EndpointTotals {
  requests: number;
  /** answered 400 to 499 */
  client_errors: number;
  /** answered 500 and above */
  server_errors: number;
  /** milliseconds; null when no request was timed */
  p50_ms: number | null;
  p95_ms: number | null;
}

/** How one endpoint answered within a span. Reads every request of the span. Throws BadInputError. */
export const endpointTotals = async (
  db: Db,
  endpoint: string,
  span: TimeSpan,
): Promise<EndpointTotals> =>
  db
    .selectFrom('api_logs')
    .select([
      sql<number>`count(*)::int`.as('requests'),
      sql<number>`count(*) FILTER (WHERE status_code BETWEEN 400 AND 499)::int`.as('client_errors'),
      sql<number>`count(*) FILTER (WHERE status_code >= 500)::int`.as('server_errors'),
      sql<number | null>`percentile_disc(0.5) WITHIN GROUP (ORDER BY response_time_ms)`.as(
        'p50_ms',
      ),
      sql<number | null>`percentile_disc(0.95) WITHIN GROUP (ORDER BY response_time_ms)`.as(
        'p95_ms',
      ),
    ])
    .where('endpoint', '=', readEndpoint(endpoint))
    .where(isWithin(span, 'api_logs.created_at'))
    .executeTakeFirstOrThrow();
