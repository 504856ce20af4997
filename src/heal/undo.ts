/**
 * What a person asked to be taken back (`bot_actions.undo_requested_at`). An undo inside our database commits
 * together with `undone`; of one outside it is committed first that it begins, so that it is never repeated on
 * a guess. One that cannot be done says so in the action's evidence (`undo_failed`), which keeps its state. What a
 * fault of the database, a connection or a process keeps from being done stays asked for (`undo_delayed` says why),
 * and the bot's next run does it.
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
import { askRequest, takeRequest, type Request } from './undo-request.ts';
import { asUntouched } from './outside.ts';
import { readSolution } from '../catalogue/solution.ts';
import { knownParams, notKept, withSecrets } from './with-secrets.ts';

/** One effect to take back, as plain values: it is taken back where remedies run. */
export interface Undo {
  run: Fenced;
  action: { id: string };
  /** the remedy's name */
  remedy: string;
  /** the secrets that its parameters name */
  names?: readonly string[];
  secrets?: readonly Opened[];
  /** An earlier try of this attempt met a fault, and it is certain that it took nothing back. */
  again?: boolean;
}

/** Of this bot, the newest effect first: what was done on top of another one goes before it. */
export const findUndos = (
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
 * Takes one effect back and records it. Throws {@link NotAppliedError}, or what the remedy threw; then nothing
 * was written, and {@link concludeUndo} does it. Nothing happens where the request was withdrawn or carried out
 * meanwhile. What {@link isUntouched} says of what was thrown for a remedy outside: it may be tried again.
 */
export async function takeBack(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  undo: Undo,
  signal: AbortSignal,
): Promise<void> {
  const remedy = catalogue.remedy(undo.remedy);
  if (!remedy?.undo) throw new NotAppliedError(`${undo.remedy} cannot be taken back`);
  if (remedy.outside) return takeBackOutside({ db, catalogue }, remedy, undo, signal);
  await inTurn(db, undo.run, undo.action, async (trx) => {
    // Its memory and its row are locked after what the remedy locks, as when it was applied (effect.ts).
    const request = await askRequest(trx, undo.action.id);
    if (!request) return null;
    const asked = withParams(catalogue, undo, request);
    const evidence = await carryOut(trx, remedy, undo, asked, signal);
    if (!(await takeRequest(trx, request.id))) throw new EndedMeanwhileError();
    return markUndone(trx, asked, undoneEvidence(evidence));
  });
}

async function takeBackOutside(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  remedy: Remedy,
  undo: Undo,
  signal: AbortSignal,
): Promise<void> {
  const asked = await underFence(db, undo.run, async (trx) => {
    const request = await takeRequest(trx, undo.action.id);
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
    // Before the undo itself: whatever was committed of that it begins, nothing was taken back.
    throw asUntouched(error);
  });
  if (!asked) return;
  const evidence = await carryOut(db, remedy, undo, asked, signal);
  // It is done: a fault must not lose its record.
  await retryFaults({ signal }, () =>
    underFence(db, undo.run, (trx) => markUndone(trx, asked, undoneEvidence(evidence))),
  );
}

/**
 * What an undo that broke off leaves behind: outside it is not known what it did once it had begun, unless it is certain
 * that it did nothing. After a fault it stays asked for then; what an earlier run had begun is that run's still.
 * Returns whether it stays asked for.
 */
export const concludeUndo = (
  db: Db,
  { run, action: { id } }: Undo,
  error: unknown,
  limits: Limits,
): Promise<boolean> =>
  retryFaults(limits, () =>
    underFence(db, run, async (trx) => {
      const { rows } = await sql<{ begun: boolean; own: boolean }>`
        SELECT evidence ? 'undo_begun' AS begun,
               coalesce(evidence #>> '{undo_begun,fence}' = ${run.fence}::text, false) AS own
        FROM bot_actions
        WHERE id = ${id}::uuid AND undo_requested_at IS NOT NULL AND state <> 'undone' FOR UPDATE`.execute(
        trx,
      );
      if (!rows[0]) return false;
      const { begun, own } = rows[0];
      const why = messageOf(error);
      const isDelayed = isFault(error) && (!begun || error instanceof NotAppliedError);
      if (isDelayed) {
        await delayUndo(trx, id, why, run);
        return true;
      }
      const isCertain = !begun || (own && error instanceof NotAppliedError);
      await (isCertain ? failUndo : doubtUndo)(trx, id, why);
      return false;
    }),
  );

const carryOut = (
  db: Kysely<Database>,
  remedy: Remedy,
  { secrets }: Undo,
  { id, fingerprint, component, component_key, metadata, evidence, now }: Request,
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

/** With the credentials that stand in its playbook. Throws {@link NotAppliedError} where they are not known any more. */
function withParams(catalogue: Catalogue, undo: Undo, request: Request): Request {
  const { evidence, solution, step } = request;
  const read = solution === null ? null : readSolution(solution, catalogue);
  const said = read?.kind === 'playbook' ? read.steps[step] : undefined;
  const now = said?.remedy.name === undo.remedy ? said.params : undefined;
  const params = knownParams(evidence.params, now);
  if (params === null && evidence.params !== null) throw new NotAppliedError(notKept);
  return { ...request, evidence: { ...evidence, params } };
}

async function beginRequest(
  trx: Transaction<Database>,
  run: Fenced,
  request: Request,
): Promise<Request> {
  await beginUndo(trx, run, request);
  return request;
}

/** What an undo returned, as it is kept: whatever a remedy returns against the contract, it was taken back. */
function undoneEvidence(evidence: Evidence): string {
  const { summary, before, after } = Object(evidence) as Partial<Evidence>;
  return JSON.stringify(plain({ undo: { summary, before, after } }));
}

/** Whether nothing of it was begun, or only by a try of this very attempt that took nothing back. */
const mayBegin = ({ run, again }: Undo, { evidence: { undo_begun: begun } }: Request): boolean =>
  begun === undefined ||
  (again === true && begun.execution_id === run.id && begun.fence === run.fence);

/** Whether another run is at it, or will come back to it. */
async function isUnderWay(
  trx: Transaction<Database>,
  { run }: Undo,
  { evidence }: Request,
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
