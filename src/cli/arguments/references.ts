/** What people write on a command line to name a row, and the row. */
import { sql } from 'kysely';
import { NotFoundError, UsageError } from '../../ground/errors.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import { idsFrom } from '../../data/bots/id-prefix.ts';
import type { Db } from '../../database/connect.ts';
import { nearest } from '../../ground/nearest.ts';
import { shortId, time } from '../terminal/print.ts';

const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(text);

/** Names that are compared with one that was not found; more would be read for nothing. */
const mostNames = 2_000;

async function unknownName(db: Db, kind: 'bot' | 'knowledge', given: string) {
  const names = await db
    .selectFrom(kind === 'bot' ? 'bots' : 'bot_knowledge')
    .select('name')
    .limit(mostNames)
    .execute();
  const meant = nearest(
    given,
    names.map(({ name }) => name),
  );
  const list = kind === 'bot' ? 'npx roundsman bots list' : 'npx roundsman knowledge list';
  return new NotFoundError({
    what: `there is no ${kind} ${given.trim() || 'without a name'}`,
    why: names.length === 0 ? 'there is none at all yet' : 'nothing has that name or id',
    hint:
      meant.length > 0 ? `did you mean ${meant.join(', ')}?` : `\`${list}\` shows what there is`,
  });
}

/** A bot by name or id. Throws {@link NotFoundError} with the nearest names. */
export async function botOf(db: Db, given: string): Promise<BotRow> {
  const bots = db.selectFrom('bots').selectAll();
  const bot =
    (await bots.where('name', '=', given).executeTakeFirst()) ??
    (isUuid(given) ? await bots.where('id', '=', given).executeTakeFirst() : undefined);
  if (!bot) throw await unknownName(db, 'bot', given);
  return bot;
}

/** An entry of knowledge by name or id. Throws {@link NotFoundError} with the nearest names. */
export async function knowledgeOf(db: Db, given: string) {
  const entries = db.selectFrom('bot_knowledge').selectAll();
  const entry =
    (await entries.where('name', '=', given).executeTakeFirst()) ??
    (isUuid(given) ? await entries.where('id', '=', given).executeTakeFirst() : undefined);
  if (!entry) throw await unknownName(db, 'knowledge', given);
  return entry;
}

/** A ticket by `T-42`, `42` or id. Throws {@link NotFoundError}. */
export async function ticketOf(db: Db, given: string): Promise<TicketRow> {
  const number = /^(?:T-?)?(\d{1,18})$/i.exec(given)?.[1];
  if (!number && !isUuid(given))
    throw new UsageError({
      what: `${given.trim() || 'an empty text'} names no ticket`,
      why: 'it is neither a number nor an id',
      hint: 'write it as T-42 or 42',
    });
  const tickets = db.selectFrom('bot_tickets').selectAll();
  const ticket = await (
    number ? tickets.where('number', '=', number) : tickets.where('id', '=', given)
  ).executeTakeFirst();
  if (ticket) return ticket;
  const last = await db
    .selectFrom('bot_tickets')
    .select('number')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  throw new NotFoundError({
    what: `there is no ticket ${number ? `T-${number}` : given}`,
    why: last ? `the newest one is T-${last.number}` : 'there is none at all yet',
    hint: '`npx roundsman tickets list --all` shows what there is',
  });
}

/** A run by its id or the beginning of it. Throws {@link NotFoundError}, {@link AmbiguousIdError}. */
export const runIdOf = (db: Db, given: string) =>
  byIdPrefix('run', given, 'npx roundsman runs list', (lowest, highest) =>
    db
      .selectFrom('bot_executions')
      .innerJoin('bots', 'bots.id', 'bot_executions.bot_id')
      .select(['bot_executions.id', 'bots.name', 'started_at as at'])
      .where('bot_executions.id', '>=', lowest)
      .where('bot_executions.id', '<=', highest)
      .limit(mostCandidates)
      .execute(),
  );

/** A finding by its id or the beginning of it. Throws {@link NotFoundError}, {@link AmbiguousIdError}. */
export const findingIdOf = (db: Db, given: string) =>
  byIdPrefix('finding', given, 'npx roundsman findings list --all', (lowest, highest) =>
    db
      .selectFrom('bot_findings')
      .innerJoin('bots', 'bots.id', 'bot_findings.bot_id')
      .select(['bot_findings.id', 'bots.name', 'last_seen_at as at'])
      .where('bot_findings.id', '>=', lowest)
      .where('bot_findings.id', '<=', highest)
      .limit(mostCandidates)
      .execute(),
  );

/** An action by its id or the beginning of it. Throws {@link NotFoundError}, {@link AmbiguousIdError}. */
export const actionIdOf = (db: Db, given: string) =>
  byIdPrefix('action', given, 'npx roundsman actions list', (lowest, highest) =>
    db
      .selectFrom('bot_actions')
      .innerJoin('bots', 'bots.id', 'bot_actions.bot_id')
      .select(['bot_actions.id', 'bots.name'])
      .select((eb) =>
        eb.fn.coalesce('taken_at', 'bot_actions.applied_at', sql<Date>`engine.now()`).as('at'),
      )
      .where('bot_actions.id', '>=', lowest)
      .where('bot_actions.id', '<=', highest)
      .limit(mostCandidates)
      .execute(),
  );

/** A silence by its id or the beginning of it. Throws {@link NotFoundError}, {@link AmbiguousIdError}. */
export const silenceIdOf = (db: Db, given: string) =>
  byIdPrefix('silence', given, 'npx roundsman silences list --all', (lowest, highest) =>
    db
      .selectFrom('bot_silences')
      .select(['id', 'owner as name', 'created_at as at'])
      .where('id', '>=', lowest)
      .where('id', '<=', highest)
      .limit(mostCandidates)
      .execute(),
  );

const mostCandidates = 6;

interface Candidate {
  id: string;
  /** its bot's, or who keeps it */
  name: string;
  at: Date;
}

/** The beginning of an id that more than one row has. */
export class AmbiguousIdError extends UsageError {
  readonly candidates: Candidate[];

  constructor(kind: string, given: string, candidates: Candidate[]) {
    const named = candidates.map(({ id, name, at }) => `${id} (${name}, ${time(at)})`);
    super({
      what: `${given} names more than one ${kind}`,
      why: `${candidates.length < mostCandidates ? '' : 'among others '}${named.join(', ')}`,
      hint: `give more of the id, such as ${shortId(candidates[0]!.id)}${candidates[0]!.id.slice(8, 13)}`,
    });
    this.candidates = candidates;
  }
}

async function byIdPrefix(
  kind: string,
  given: string,
  list: string,
  find: (lowest: string, highest: string) => Promise<Candidate[]>,
): Promise<string> {
  const range = idsFrom(given);
  if (!range)
    throw new UsageError({
      what: `${given.trim() || 'an empty id'} names no ${kind}`,
      why: 'an id is written in hex digits, and at least the first 4 are needed',
      hint: `\`${list}\` shows the ids`,
    });
  const candidates = await find(...range);
  if (candidates.length > 1) throw new AmbiguousIdError(kind, given, candidates);
  if (candidates[0]) return candidates[0].id;
  throw new NotFoundError({
    what: `there is no ${kind} ${given}`,
    why: 'no id is or begins like this',
    hint: `\`${list}\` shows the ids`,
  });
}
