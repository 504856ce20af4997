/** Finds rows by their id, or the beginning of it. */
import { sql } from 'kysely';
import { idsFrom } from '../../data/bots/id-prefix.ts';
import type { Db } from '../../database/connect.ts';
import { NotFoundError, UsageError } from '../../ground/errors.ts';
import { shortId, time } from '../../ground/text.ts';

/** A run by its id or the beginning of it. Throws {@link NotFoundError}, {@link AmbiguousIdError}. */
export const runIdOf = (db: Db, given: string) =>
  byIdPrefix('run', given, 'npx roundsman runs list', (lowest, highest) =>
    db
      .selectFrom('bot_executions')
      .innerJoin('bots', 'bots.id', 'bot_executions.bot_id')
      .select(['bot_executions.id', 'bots.name', 'started_at as at'])
      .where('bot_executions.id', '>=', lowest)
      .where('bot_executions.id', '<=', highest)
      .limit(maxCandidates)
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
      .limit(maxCandidates)
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
      .limit(maxCandidates)
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
      .limit(maxCandidates)
      .execute(),
  );

/** A message by its id or the beginning of it. Throws {@link NotFoundError}, {@link AmbiguousIdError}. */
export const notificationIdOf = (db: Db, given: string) =>
  byIdPrefix('message', given, 'npx roundsman notify list', (lowest, highest) =>
    db
      .selectFrom('bot_notifications')
      .select(['id', 'channel as name', 'created_at as at'])
      .where('id', '>=', lowest)
      .where('id', '<=', highest)
      .limit(maxCandidates)
      .execute(),
  );

/** A maintenance window by its id or the beginning of it. Throws {@link NotFoundError}, {@link AmbiguousIdError}. */
export const maintenanceIdOf = (db: Db, given: string) =>
  byIdPrefix(
    'maintenance window',
    given,
    'npx roundsman maintenance list --all',
    (lowest, highest) =>
      db
        .selectFrom('bot_maintenance')
        .select(['id', 'owner as name', 'created_at as at'])
        .where('id', '>=', lowest)
        .where('id', '<=', highest)
        .limit(maxCandidates)
        .execute(),
  );

/** A run of a job by its id or the beginning of it. Throws {@link NotFoundError}, {@link AmbiguousIdError}. */
export const jobRunIdOf = (db: Db, given: string) =>
  byIdPrefix('run of a job', given, 'npx roundsman jobs history <name>', (lowest, highest) =>
    db
      .selectFrom('engine.job_runs')
      .select(['id', 'job as name', 'queued_at as at'])
      .where('id', '>=', lowest)
      .where('id', '<=', highest)
      .limit(maxCandidates)
      .execute(),
  );

/** A backup by its id or the beginning of it. Throws {@link NotFoundError}, {@link AmbiguousIdError}. */
export const backupIdOf = (db: Db, given: string) =>
  byIdPrefix('backup', given, 'npx roundsman db backups', (lowest, highest) =>
    db
      .selectFrom('engine.backups')
      .select(['id', 'requested_by as name', 'began_at as at'])
      .where('id', '>=', lowest)
      .where('id', '<=', highest)
      .limit(maxCandidates)
      .execute(),
  );

const maxCandidates = 6;

interface Candidate {
  id: string;
  /** its bot's name, or its owner's */
  name: string;
  at: Date;
}

/** More than one row has an id that begins with the given text. */
export class AmbiguousIdError extends UsageError {
  readonly candidates: Candidate[];

  constructor(kind: string, given: string, candidates: Candidate[]) {
    const named = candidates.map(({ id, name, at }) => `${id} (${name}, ${time(at)})`);
    super({
      what: `${given} names more than one ${kind}`,
      why: `${candidates.length < maxCandidates ? '' : 'among others '}${named.join(', ')}`,
      hint: `give more digits of the id, such as ${shortId(candidates[0]!.id)}${candidates[0]!.id.slice(8, 13)}`,
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
    why: 'no id begins like this',
    hint: `\`${list}\` shows the ids`,
  });
}
