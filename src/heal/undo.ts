/**
 * Undos that a person requested (`bot_actions.undo_requested_at`). An undo inside the database commits together with
 * `undone`. The beginning of an undo outside is committed first, so that the undo is not repeated while it may have happened
 * already. When an undo cannot be done, the action's evidence says so (`undo_failed`), and the action keeps its state. When a
 * fault of the database, a connection or a process stops an undo, the request stays (`undo_delayed` says why), and the bot's
 * next run carries it out.
 */
import { sql, type Kysely, type Transaction } from 'kysely';
import { NotAppliedError, type Evidence, type Remedy } from '../contract/remedy.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Database, Db } from '../database/connect.ts';
import { botChanges } from './bot-changes.ts';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import type { Opened } from '../data/secrets/open.ts';
import { isFault } from '../database/faults/fault-behind.ts';
import { retryFaults, type Limits } from '../database/faults/retry-faults.ts';
import { messageOf } from '../ground/errors.ts';
import { plain } from '../ground/plain.ts';
import { untilStopped } from '../ground/until-stopped.ts';
import { beginUndo } from '../transitions/actions/begin-undo.ts';
import { delayUndo, doubtUndo, failUndo } from '../transitions/actions/fail-undo.ts';
import { markUndone } from '../transitions/actions/undo.ts';
import { noSecret } from './applied.ts';
import { EndedMeanwhileError, inTurn } from './turn.ts';
import { readUndoRequest, lockUndoRequest, type UndoRequest } from './undo-request.ts';
import { asBeforeEffect } from './outside.ts';
import { readSolution } from '../catalogue/solution.ts';
import { restoreParams, whyParamsLost, withSecrets } from './with-secrets.ts';

/** One effect to undo, as plain values: the process in which remedies run undoes it. */
export interface Undo {
  run: Fenced;
  action: { id: string };
  /** the remedy's name */
  remedy: string;
  /** the secrets that its parameters name */
  names?: readonly string[];
  secrets?: readonly Opened[];
  /** An earlier try of this attempt met a fault, and it is certain that this try undid nothing. */
  again?: boolean;
}

/**
 * The requests of this bot, the newest effect first: an effect that was applied on top of another one is undone before
 * it.
 */
export const findUndoRequests = (
  db: Db,
  botId: string,
): Promise<{ id: string; remedy: string; fingerprint: string; params: unknown }[]> =>
  db
    .selectFrom('bot_actions')
    .select(['id', 'remedy', 'fingerprint'])
    .select(sql<unknown>`evidence -> 'params'`.as('params'))
    .where('bot_id', '=', botId)
    .where('undo_requested_at', 'is not', null)
    .where('state', '<>', 'undone')
    .orderBy('applied_at', 'desc')
    .orderBy('step', 'desc')
    .execute();

/**
 * Undoes one effect and records that. Throws {@link NotAppliedError}, or what the remedy threw; then nothing was
 * written, and {@link concludeUndo} records the failure. Does nothing when the request was withdrawn or carried out
 * meanwhile. For a remedy outside, an error for which {@link isBeforeEffect} is true allows another try.
 */
export async function undoEffect(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  undo: Undo,
  signal: AbortSignal,
): Promise<void> {
  const remedy = catalogue.remedy(undo.remedy);
  if (!remedy?.undo) throw new NotAppliedError(`${undo.remedy} cannot be undone`);
  if (remedy.outside) return undoOutside({ db, catalogue }, remedy, undo, signal);
  await inTurn(db, undo.run, undo.action, async (trx) => {
    // The action and its memory are locked after the rows that the remedy locks, as when the step was applied (effect.ts).
    const request = await readUndoRequest(trx, undo.action.id);
    if (!request) return null;
    const filled = withParams(catalogue, undo, request);
    const evidence = await carryOut(trx, remedy, undo, filled, signal);
    if (!(await lockUndoRequest(trx, request.id))) throw new EndedMeanwhileError();
    return markUndone(trx, filled, undoneEvidence(evidence));
  });
}

async function undoOutside(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  remedy: Remedy,
  undo: Undo,
  signal: AbortSignal,
): Promise<void> {
  const begun = await underFence(db, undo.run, async (trx) => {
    const request = await lockUndoRequest(trx, undo.action.id);
    if (request && mayBegin(undo, request))
      return beginRequest(trx, undo.run, withParams(catalogue, undo, request));
    if (request && !(await isUnderWay(trx, undo, request)))
      await doubtUndo(
        trx,
        request.id,
        'its undo was begun before, and it is not known how it ended',
      );
    return undefined;
  }).catch((error: unknown) => {
    // This error came before the undo itself: even if its beginning was committed, nothing was undone.
    throw asBeforeEffect(error);
  });
  if (!begun) return;
  const evidence = await carryOut(db, remedy, undo, begun, signal);
  // The undo has happened: a fault must not lose its record.
  await retryFaults({ signal }, () =>
    underFence(db, undo.run, (trx) => markUndone(trx, begun, undoneEvidence(evidence))),
  );
}

/**
 * Records the state after an undo that did not end. When an undo outside had begun, it is not known what it did, unless
 * it is certain that it did nothing. If it did nothing because of a fault, the request stays. This certainty is about
 * the undo of this run only: an undo that an earlier run had begun stays recorded as begun. Returns whether the request
 * stays.
 */
export const concludeUndo = (
  db: Db,
  { run, action: { id } }: Undo,
  error: unknown,
  limits: Limits,
): Promise<boolean> =>
  retryFaults(limits, () =>
    underFence(db, run, async (trx) => {
      const { rows } = await sql<{ begun: boolean; byThisRun: boolean }>`
        SELECT evidence ? 'undo_begun' AS begun,
               coalesce(evidence #>> '{undo_begun,fence}' = ${run.fence}::text, false) AS "byThisRun"
        FROM bot_actions
        WHERE id = ${id}::uuid AND undo_requested_at IS NOT NULL AND state <> 'undone' FOR UPDATE`.execute(
        trx,
      );
      if (!rows[0]) return false;
      const { begun, byThisRun } = rows[0];
      const why = messageOf(error);
      const isDelayed = isFault(error) && (!begun || error instanceof NotAppliedError);
      if (isDelayed) {
        await delayUndo(trx, id, why, run);
        return true;
      }
      const isCertain = !begun || (byThisRun && error instanceof NotAppliedError);
      await (isCertain ? failUndo : doubtUndo)(trx, id, why);
      return false;
    }),
  );

const carryOut = (
  db: Kysely<Database>,
  remedy: Remedy,
  { secrets }: Undo,
  { id, fingerprint, component, component_key, metadata, evidence, now }: UndoRequest,
  signal: AbortSignal,
): Promise<Evidence> => {
  const { params, before = null, after = null } = evidence;
  const target = {
    fingerprint,
    component: component ?? '',
    key: component_key ?? component ?? '',
    metadata: metadata ?? {},
  };
  return untilStopped(signal, () =>
    withSecrets(remedy, params, secrets).undo!(params, {
      ...botChanges(db),
      db,
      target,
      now,
      signal,
      key: id,
      secret: noSecret,
      before,
      after,
    }),
  );
};

/**
 * Adds to the request's parameters the credentials that its playbook contains. Throws {@link NotAppliedError} when these are no
 * longer known.
 */
function withParams(catalogue: Catalogue, undo: Undo, request: UndoRequest): UndoRequest {
  const { evidence, solution, step } = request;
  const read = solution === null ? null : readSolution(solution, catalogue);
  const current = read?.kind === 'playbook' ? read.steps[step] : undefined;
  const currentParams = current?.remedy.name === undo.remedy ? current.params : undefined;
  const params = restoreParams(evidence.params, currentParams);
  if (params === null && evidence.params !== null) throw new NotAppliedError(whyParamsLost);
  return { ...request, evidence: { ...evidence, params } };
}

async function beginRequest(
  trx: Transaction<Database>,
  run: Fenced,
  request: UndoRequest,
): Promise<UndoRequest> {
  await beginUndo(trx, run, request);
  return request;
}

/** What an undo returned, as it is stored: even when the result breaks the contract, the effect was undone. */
function undoneEvidence(evidence: Evidence): string {
  const { summary, before, after } = Object(evidence) as Partial<Evidence>;
  return JSON.stringify(plain({ undo: { summary, before, after } }));
}

/** Whether no undo was begun, or only one by this same attempt that undid nothing. */
const mayBegin = (
  { run, again }: Undo,
  { evidence: { undo_begun: begun } }: UndoRequest,
): boolean =>
  begun === undefined ||
  (again === true && begun.execution_id === run.id && begun.fence === run.fence);

/** Whether the run that has begun the undo is another one and still queued or running: that run concludes the undo. */
async function isUnderWay(
  trx: Transaction<Database>,
  { run }: Undo,
  { evidence }: UndoRequest,
): Promise<boolean> {
  const other = await trx
    .selectFrom('bot_executions')
    .select('id')
    .where('id', '=', evidence.undo_begun!.execution_id)
    .where('id', '<>', run.id)
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirst();
  return other !== undefined;
}
