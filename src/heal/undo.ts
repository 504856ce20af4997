/**
 * What a person asked to be taken back (`bot_actions.undo_requested_at`). An undo inside our database commits
 * together with `undone`; of one outside it is committed first that it begins, so that it is never repeated on
 * a guess. One that cannot be done says so in the action's evidence (`undo_failed`), which keeps its state.
 */
import { sql, type Kysely, type Transaction } from 'kysely';
import { NotAppliedError, type Evidence, type Remedy } from '../bot.ts';
import type { Catalogue } from '../catalogue.ts';
import { inPlace } from '../data/bots/bot-actions.ts';
import { cutOff } from '../data/bots/cutoff.ts';
import type { Database, Db } from '../data/connect.ts';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import { messageOf } from '../errors.ts';
import { plain } from '../plain.ts';
import { fitting } from '../text.ts';
import { untilStopped } from '../until-stopped.ts';

/** One effect to take back, as plain values: it is taken back where remedies run. */
export interface Undo {
  run: Fenced;
  action: { id: string };
  /** the remedy's name */
  remedy: string;
}

/** Of this bot, the newest effect first: what was done on top of another one goes before it. */
export const findUndos = (db: Db, botId: string): Promise<{ id: string; remedy: string }[]> =>
  db
    .selectFrom('bot_actions')
    .select(['id', 'remedy'])
    .where('bot_id', '=', botId)
    .where('undo_requested_at', 'is not', null)
    .where('state', '<>', 'undone')
    .orderBy('applied_at', 'desc')
    .orderBy('step', 'desc')
    .execute();

/**
 * Takes one effect back and records it. Throws {@link NotAppliedError}, or what the remedy threw; then nothing
 * was written, and {@link settleUndo} does it. Nothing happens where the request was withdrawn or carried out
 * meanwhile.
 */
export async function takeBack(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  undo: Undo,
  signal: AbortSignal,
): Promise<void> {
  const remedy = catalogue.remedy(undo.remedy);
  if (!remedy?.undo) throw new NotAppliedError(`${undo.remedy} cannot be taken back`);
  if (remedy.outside) return takeBackOutside(db, remedy, undo, signal);
  await underFence(db, undo.run, async (trx) => {
    const asked = await takeRequest(trx, undo);
    if (!asked) return;
    const evidence = await carryOut(trx, remedy, asked, signal);
    await recordUndone(trx, asked, evidence);
  });
}

async function takeBackOutside(
  db: Db,
  remedy: Remedy,
  undo: Undo,
  signal: AbortSignal,
): Promise<void> {
  const asked = await underFence(db, undo.run, async (trx) => {
    const request = await takeRequest(trx, undo);
    if (!request?.evidence.undo_begun) return request && begin(trx, undo, request);
    if (!(await isUnderWay(trx, undo, request)))
      await writeDoubt(trx, request.id, 'its undo was begun before, and nobody knows how it ended');
    return undefined;
  });
  if (!asked) return;
  let evidence: Evidence;
  try {
    evidence = await carryOut(db, remedy, asked, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof NotAppliedError)) throw error;
    // It is certain that it was not done: it has not begun.
    await underFence(db, undo.run, (trx) => writeFailure(trx, asked.id, error.message));
    return;
  }
  await underFence(db, undo.run, (trx) => recordUndone(trx, asked, evidence));
}

/** What an undo that broke off leaves behind: outside nobody knows what it did once it had begun. */
export const settleUndo = (db: Db, { run, action: { id } }: Undo, error: unknown): Promise<void> =>
  underFence(db, run, async (trx) => {
    const { rows } = await sql<{ begun: boolean }>`
      SELECT evidence ? 'undo_begun' AS begun FROM bot_actions
      WHERE id = ${id}::uuid AND undo_requested_at IS NOT NULL AND state <> 'undone' FOR UPDATE`.execute(
      trx,
    );
    if (rows[0]) await (rows[0].begun ? writeDoubt : writeFailure)(trx, id, messageOf(error));
  });

interface Request {
  id: string;
  state: Database['bot_actions']['state'];
  applied_at: Date | null;
  fingerprint: string;
  component: string | null;
  evidence: {
    params?: unknown;
    before?: unknown;
    after?: unknown;
    undo_begun?: { execution_id: string; at: string };
  };
  component_key: string | null;
  metadata: Record<string, unknown> | null;
  now: Date;
}

/** Whoever locks it first has it. Undefined when it is not asked for any more. */
async function takeRequest(
  trx: Transaction<Database>,
  { action: { id } }: Undo,
): Promise<Request | undefined> {
  // Its memory first: whoever records results holds that before the action.
  await sql`
    SELECT FROM bot_finding_states s JOIN bot_actions a ON a.fingerprint = s.fingerprint
    WHERE a.id = ${id}::uuid FOR NO KEY UPDATE OF s`.execute(trx);
  const { rows } = await sql<Request>`
    SELECT a.id, a.state, a.applied_at, a.fingerprint, a.component, a.evidence, f.component_key, f.metadata,
           engine.now() AS now
    FROM bot_actions a LEFT JOIN bot_findings f ON f.id = a.finding_id
    WHERE a.id = ${id}::uuid AND a.undo_requested_at IS NOT NULL AND a.state <> 'undone'
    FOR UPDATE OF a`.execute(trx);
  const [request] = rows;
  if (request && !(request.applied_at && inPlace.has(request.state)))
    throw new NotAppliedError(`there is nothing to take back: it is ${request.state}`);
  return request;
}

const carryOut = (
  db: Kysely<Database>,
  remedy: Remedy,
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
    remedy.undo!(params, { db, target, now, signal, key: id, before, after }),
  );
};

async function begin(
  trx: Transaction<Database>,
  { run }: Undo,
  request: Request,
): Promise<Request> {
  await sql`
    UPDATE bot_actions
    SET evidence = evidence || jsonb_build_object(
      'undo_begun', jsonb_build_object('execution_id', ${run.id}::text, 'at', engine.now()))
    WHERE id = ${request.id}::uuid`.execute(trx);
  return request;
}

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

/** `-> undone`: a relapse to the figures, which the ledger counts anew by itself. */
async function recordUndone(
  trx: Transaction<Database>,
  { id, fingerprint }: Request,
  { summary, before, after }: Evidence,
): Promise<void> {
  await cutOff(trx, fingerprint);
  const undo = JSON.stringify(plain({ undo: { summary, before, after } }));
  await sql`
    UPDATE bot_actions
    SET state = 'undone', success = false, settled_at = engine.now(),
        evidence = evidence - 'undo_begun' - 'undo_failed' || ${undo}::jsonb
    WHERE id = ${id}::uuid AND state <> 'undone'`.execute(trx);
}

/** It was not taken back, and that is certain: it may be asked for again. */
async function writeFailure(trx: Transaction<Database>, id: string, why: string): Promise<void> {
  await sql`
    UPDATE bot_actions
    SET undo_requested_at = NULL, evidence = evidence - 'undo_begun' || ${failed(why)}::jsonb
    WHERE id = ${id}::uuid`.execute(trx);
}

/**
 * Nobody can tell whether it was taken back: `unknown`, until a person has looked. While something else about
 * the same problem is unfinished the action keeps its state, and its evidence says so.
 */
async function writeDoubt(trx: Transaction<Database>, id: string, why: string): Promise<void> {
  const message = `asked to undo it: ${why}`;
  await sql`
    UPDATE bot_actions a
    SET state = 'unknown', success = false, settled_at = NULL, error_message = ${fitting(message, 2_000)}
    WHERE id = ${id}::uuid AND NOT EXISTS (
      SELECT FROM bot_actions o
      WHERE o.fingerprint = a.fingerprint AND o.id <> a.id AND o.state IN ('intent', 'applied', 'unknown'))`.execute(
    trx,
  );
  await sql`
    UPDATE bot_actions SET undo_requested_at = NULL, evidence = evidence || ${failed(why)}::jsonb
    WHERE id = ${id}::uuid`.execute(trx);
}

const failed = (why: string) => JSON.stringify(plain({ undo_failed: fitting(why, 2_000) }));
