/** What conversations taught: the server writes it, users read their own rows, admins all. */
import { sql, type Selectable } from 'kysely';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { BadInputError, object, text, uuid, wholeNumber } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { jsonText } from '../../database/json-input.ts';
import type { JavariLearning } from '../../database/tables.ts';
import { isWithin, type TimeSpan } from '../../database/time-span.ts';

export type Lesson = Selectable<JavariLearning>;

const maxInteger = 2_147_483_647;

export interface NewLesson {
  user_id: string;
  /** 50 characters at most */
  conversation_type: string;
  message_count?: number | undefined;
  /** characters */
  avg_message_length?: number | undefined;
  /** 0 to 9.99, as the column's DECIMAL(3,2) holds it; kept with two digits */
  response_quality_score?: number | undefined;
  /** 20 characters at most */
  provider?: string | undefined;
  /** 50 characters at most */
  model?: string | undefined;
  tokens_used?: number | undefined;
  cost_cents?: number | undefined;
  patterns_detected?: Record<string, unknown> | undefined;
}

const wholeOrNull = (field: string, value: number | undefined) =>
  value === undefined ? null : wholeNumber(field, value, 0, maxInteger);

function score(value: number | undefined): string | null {
  if (value === undefined) return null;
  if (typeof value !== 'number' || !(value >= 0 && value < 9.995))
    throw new BadInputError('response_quality_score', 'has to be a number from 0 to 9.99');
  return value.toFixed(2);
}

/**
 * Notes what a conversation taught. For `service_role`. Throws BadInputError, ConstraintError for a user who does not
 * exist, AccessDeniedError under row level security.
 */
export async function noteLesson(db: Db, given: NewLesson): Promise<Lesson> {
  const { provider, model, patterns_detected: patterns } = object('given', given);
  const row = {
    user_id: uuid('user_id', given.user_id),
    conversation_type: text('conversation_type', given.conversation_type, 50),
    message_count: wholeOrNull('message_count', given.message_count),
    avg_message_length: wholeOrNull('avg_message_length', given.avg_message_length),
    response_quality_score: score(given.response_quality_score),
    provider: provider === undefined ? null : text('provider', provider, 20),
    model: model === undefined ? null : text('model', model, 50),
    tokens_used: wholeOrNull('tokens_used', given.tokens_used),
    cost_cents: wholeOrNull('cost_cents', given.cost_cents),
    patterns_detected: patterns === undefined ? null : jsonText('patterns_detected', patterns),
  };
  return explainingAccess('the lesson was not noted', 'user_id', () =>
    db.insertInto('javari_learning').values(row).returningAll().executeTakeFirstOrThrow(),
  );
}

export interface LearningTotal {
  conversation_type: string;
  conversations: number;
  /** the mean of those that have a score; null when none has */
  response_quality_score: number | null;
  tokens_used: number;
  cost_cents: number;
}

/** What a user's conversations of a span taught, one row a type, the most frequent first. Throws BadInputError. */
export const learningTotals = async (
  db: Db,
  user_id: string,
  span: TimeSpan,
): Promise<LearningTotal[]> =>
  db
    .selectFrom('javari_learning')
    .select([
      'conversation_type',
      sql<number>`count(*)::int`.as('conversations'),
      sql<number | null>`round(avg(response_quality_score), 2)::float8`.as(
        'response_quality_score',
      ),
      sql<number>`coalesce(sum(tokens_used), 0)::float8`.as('tokens_used'),
      sql<number>`coalesce(sum(cost_cents), 0)::float8`.as('cost_cents'),
    ])
    .where('user_id', '=', uuid('user_id', user_id))
    .where(isWithin(span, 'javari_learning.created_at'))
    .groupBy('conversation_type')
    .orderBy('conversations', 'desc')
    .orderBy('conversation_type')
    .execute();
