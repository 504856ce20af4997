import type { Selectable } from 'kysely';
import { uuid } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { JavariConversations } from '../../database/tables.ts';

export type Conversation = Selectable<JavariConversations>;

/**
 * A conversation in a list, without its messages: they may be long, so they are read for one conversation at a time.
 */
export type ConversationEntry = Omit<Conversation, 'messages' | 'response'>;

/** The conversations of a user, newest first. Throws BadInputError for `user_id`, `limit`, `cursor`. */
export async function conversationsOf(
  db: Db,
  user_id: string,
  request: PageRequest = {},
): Promise<Page<ConversationEntry>> {
  const { after, order, at, take, page } = keyset(request, 'javari_conversations');
  const rows = await db
    .selectFrom('javari_conversations')
    .select(['id', 'user_id', 'project_id', 'provider', 'model'])
    .select(['tokens_used', 'cost_cents', 'created_at', at.as('at')])
    .where('user_id', '=', uuid('user_id', user_id))
    .where(after)
    .orderBy(order)
    .limit(take)
    .execute();
  return page(rows);
}

/**
 * A conversation with its messages; undefined if it does not exist or you may not see it. Throws BadInputError.
 */
export const conversation = async (db: Db, id: string): Promise<Conversation | undefined> =>
  db
    .selectFrom('javari_conversations')
    .selectAll()
    .where('id', '=', uuid('id', id))
    .executeTakeFirst();
