/**
 * Sessions of games. Begin and end are the database's time, so that a player's clock makes no session longer. Its score
 * is the player's own claim: what ranks is the leaderboard.
 */
import { sql, type Selectable } from 'kysely';
import { NotFoundError } from '../../ground/errors.ts';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { boolean, object, uuid, wholeNumber } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { GameSessions } from '../../database/tables.ts';

export type GameSession = Selectable<GameSessions>;

/** The user has no such session, or it has ended: it ends once. */
export class NoOpenGameSessionError extends NotFoundError {}

const maxInteger = 2_147_483_647;
// The engine's clock for every role: users may not enter schema engine.
const now = sql<Date>`public.bots_now()`;

/**
 * Begins a session now. Throws BadInputError, ConstraintError for a game or user that does not exist,
 * AccessDeniedError for another user's id under row level security.
 */
export async function beginGameSession(
  db: Db,
  given: { user_id: string; game_id: string },
): Promise<GameSession> {
  const row = {
    user_id: uuid('user_id', object('given', given).user_id),
    game_id: uuid('game_id', given.game_id),
    started_at: now,
  };
  return explainingAccess('the session was not begun', 'user_id', () =>
    db.insertInto('game_sessions').values(row).returningAll().executeTakeFirstOrThrow(),
  );
}

/**
 * Ends an open session of a user now, with its duration in whole seconds. Of two calls at once only one finds it open.
 * Throws BadInputError, {@link NoOpenGameSessionError}.
 */
export async function endGameSession(
  db: Db,
  given: { id: string; user_id: string; score?: number | undefined; completed: boolean },
): Promise<GameSession> {
  const { score } = object('given', given);
  const [id, user] = [uuid('id', given.id), uuid('user_id', given.user_id)];
  const ended = await db
    .updateTable('game_sessions')
    .set({
      // Not before its start, which may be in the future: a player has set it, or the clock was set back.
      ended_at: sql<Date>`greatest(${now}, started_at)`,
      duration_seconds: sql<number>`least(extract(epoch FROM greatest(${now}, started_at) - started_at), ${sql.lit(maxInteger)})::int`,
      score: score === undefined ? null : wholeNumber('score', score, -maxInteger, maxInteger),
      completed: boolean('completed', given.completed),
    })
    .where('id', '=', id)
    .where('user_id', '=', user)
    .where('ended_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (!ended)
    throw new NoOpenGameSessionError({
      what: 'the session was not ended',
      why: 'id is not an open session of user_id',
      hint: 'take the id that beginGameSession returned; a session ends once',
    });
  return ended;
}

/** The sessions of a user, or those of one game, the last begun first. Throws BadInputError. */
export async function gameSessionsOf(
  db: Db,
  of: { user_id: string; game_id?: string | undefined },
  request: PageRequest = {},
): Promise<Page<GameSession>> {
  const { user_id, game_id } = object('of', of);
  const { after, order, at, take, page } = keyset(request, 'game_sessions', 'started_at');
  let query = db
    .selectFrom('game_sessions')
    .selectAll()
    .select(at.as('at'))
    .where('user_id', '=', uuid('user_id', user_id))
    .where(after);
  if (game_id !== undefined) query = query.where('game_id', '=', uuid('game_id', game_id));
  return page(await query.orderBy(order).limit(take).execute());
}
