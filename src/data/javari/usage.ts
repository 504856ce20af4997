/** What requests to models cost, one row a request: the server writes them, users read their own rows, admins all. */
import { sql, type Selectable } from 'kysely';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { boolean, object, text, uuid, wholeNumber } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { JavariUsageStats } from '../../database/tables.ts';
import { isWithin, type TimeSpan } from '../../database/time-span.ts';

export type JavariUse = Selectable<JavariUsageStats>;

/** Half of what the documented INTEGER holds: the two sorts of tokens are added. */
const maxTokens = 1_073_741_823;

export interface NewJavariUse {
  user_id: string;
  /** 20 characters at most */
  provider: string;
  /** 50 characters at most */
  model: string;
  /** up to 1,073,741,823 each; their sum becomes total_tokens if both are known */
  input_tokens?: number | null | undefined;
  output_tokens?: number | null | undefined;
  cost_cents?: number | null | undefined;
  success: boolean;
  /** 10,000 characters at most */
  error_message?: string | null | undefined;
}

/** A whole number from 0 to `most`, or null. */
const wholeOrNull = (field: string, value: number | null | undefined, most = maxTokens) =>
  value == null ? null : wholeNumber(field, value, 0, most);

/**
 * Notes one request. For `service_role`. Throws BadInputError, ConstraintError for a user who does not exist,
 * AccessDeniedError under row level security.
 */
export async function noteJavariUse(db: Db, use: NewJavariUse): Promise<JavariUse> {
  const { error_message: message } = object('use', use);
  const input_tokens = wholeOrNull('input_tokens', use.input_tokens);
  const output_tokens = wholeOrNull('output_tokens', use.output_tokens);
  const row = {
    user_id: uuid('user_id', use.user_id),
    provider: text('provider', use.provider, 20),
    model: text('model', use.model, 50),
    input_tokens,
    output_tokens,
    total_tokens:
      input_tokens === null || output_tokens === null ? null : input_tokens + output_tokens,
    cost_cents: wholeOrNull('cost_cents', use.cost_cents, 2_147_483_647),
    success: boolean('success', use.success),
    error_message: message == null ? null : text('error_message', message, 10_000),
  };
  return explainingAccess('the use was not noted', 'user_id', () =>
    db.insertInto('javari_usage_stats').values(row).returningAll().executeTakeFirstOrThrow(),
  );
}

/** The requests of a user, newest first. Throws BadInputError for `user_id`, `limit`, `cursor`. */
export async function javariUsage(
  db: Db,
  user_id: string,
  request: PageRequest = {},
): Promise<Page<JavariUse>> {
  const { after, order, at, take, page } = keyset(request, 'javari_usage_stats');
  const rows = await db
    .selectFrom('javari_usage_stats')
    .selectAll()
    .select(at.as('at'))
    .where('user_id', '=', uuid('user_id', user_id))
    .where(after)
    .orderBy(order)
    .limit(take)
    .execute();
  return page(rows);
}

export interface JavariUsageTotal {
  provider: string;
  model: string;
  requests: number;
  failures: number;
  /** of the requests whose tokens are known; exact up to 2^53 */
  total_tokens: number;
  cost_cents: number;
}

/** The totals of a span, one row a model, the most expensive first: of a user, of a provider, or both. Throws BadInputError. */
export async function javariUsageTotals(
  db: Db,
  of: { user_id?: string | undefined; provider?: string | undefined },
  span: TimeSpan,
): Promise<JavariUsageTotal[]> {
  const { user_id, provider } = object('of', of);
  let query = db
    .selectFrom('javari_usage_stats')
    .select([
      'provider',
      'model',
      sql<number>`count(*)::int`.as('requests'),
      sql<number>`count(*) FILTER (WHERE NOT success)::int`.as('failures'),
      sql<number>`coalesce(sum(total_tokens), 0)::float8`.as('total_tokens'),
      sql<number>`coalesce(sum(cost_cents), 0)::float8`.as('cost_cents'),
    ])
    .where(isWithin(span, 'javari_usage_stats.created_at'));
  // With neither, `uuid` throws BadInputError; only a call that names a provider may cover all users.
  if (user_id !== undefined || provider === undefined)
    query = query.where('user_id', '=', uuid('user_id', user_id));
  if (provider !== undefined) query = query.where('provider', '=', text('provider', provider, 20));
  return query
    .groupBy(['provider', 'model'])
    .orderBy('cost_cents', 'desc')
    .orderBy('provider')
    .orderBy('model')
    .execute();
}
