/**
 * Effects that no transaction of ours can take back or keep together with their record: a request to
 * another system, VACUUM. That one is about to happen is committed first; what became of it afterwards,
 * under the fence. Where the end of a process, a connection or an answer lies between the two, only the
 * remedy's `isDone` can say whether it happened; where that cannot tell, the action is `unknown`, which
 * blocks its finding until a person has looked. It is never repeated on a guess.
 */
import { sql } from 'kysely';
import { NotAppliedError, type Evidence, type Remedy, type RemedyContext } from '../bot.ts';
import type { Db } from '../data/connect.ts';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import { messageOf } from '../errors.ts';
import { plain } from '../plain.ts';
import { fitting } from '../text.ts';
import { untilStopped } from '../until-stopped.ts';
import type { Effect } from './patient.ts';
import { contextOf, nothingLeft, recordApplied } from './applied.ts';

const hadHappened: Evidence = { summary: 'it had been done already', before: null, after: null };

/**
 * Applies one step outside, or with `ask` only finds out what became of it. Returns when it was applied;
 * null when it was not (`failed`), when nobody can tell (`unknown`), when `ask` learnt that it was not done
 * (a plain `intent`, as before it was begun), or when it is somebody else's (`intent`): the row says which. Rejects, and leaves the intent, when
 * it is stopped or the database does not answer.
 */
export async function takeOutsideEffect(
  db: Db,
  remedy: Remedy,
  effect: Effect,
  signal: AbortSignal,
): Promise<Date | null> {
  const { params } = effect;
  const now = await begin(db, effect);
  if (!now) return null;
  const context = contextOf(db, effect, now, signal);
  if (effect.ask) {
    const { done, why } = await ask(remedy, params, context);
    if (done === true) return keep(db, remedy, effect, hadHappened);
    await (done === null ? writeDoubt(db, effect, why) : unbegin(db, effect));
    return null;
  }
  let tried = false;
  let evidence: Evidence;
  try {
    evidence = await untilStopped<Evidence>(signal, async () => {
      if ((await remedy.isDone(params, context)) === true) return nothingLeft;
      tried = true;
      return remedy.apply(params, context);
    });
  } catch (error) {
    if (signal.aborted) throw error;
    const certain = !tried || error instanceof NotAppliedError;
    const { done, why } = certain ? { done: false, why: '' } : await ask(remedy, params, context);
    if (done !== true) {
      if (done === false) await writeFailure(db, effect, messageOf(error));
      else await writeDoubt(db, effect, `${messageOf(error)}; ${why}`);
      return null;
    }
    evidence = { ...hadHappened, after: { error: messageOf(error) } };
  }
  return keep(db, remedy, effect, evidence);
}

/** Three answers; an error is none. */
async function ask(
  remedy: Remedy,
  params: unknown,
  context: RemedyContext,
): Promise<{ done: boolean | null; why: string }> {
  try {
    const done = await untilStopped(context.signal, () => remedy.isDone(params, context));
    // What a remedy returns against the contract tells nothing either.
    return {
      done: typeof done === 'boolean' ? done : null,
      why: `${remedy.name} cannot tell whether it was done`,
    };
  } catch (error) {
    if (context.signal.aborted) throw error;
    return { done: null, why: `${remedy.name} could not be asked: ${messageOf(error)}` };
  }
}

/**
 * Takes the intent for this run, and keeps the parameters: whoever finds it abandoned asks about these,
 * whatever has become of the entry. Null when it is settled, or of a run that still goes on.
 */
const begin = (db: Db, { run, action, params }: Effect): Promise<Date | null> =>
  underFence(db, run, async (trx) => {
    const kept = JSON.stringify(plain({ params, begun: true }));
    const begun = await trx
      .updateTable('bot_actions as a')
      .set({ execution_id: run.id, evidence: sql`a.evidence || ${kept}::jsonb` })
      .where('a.id', '=', action.id)
      .where('a.state', '=', 'intent')
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('bot_executions as e')
              .select('e.id')
              .whereRef('e.id', '=', 'a.execution_id')
              .where('e.id', '<>', run.id)
              .where('e.status', 'in', ['queued', 'running']),
          ),
        ),
      )
      .returning(sql<Date>`engine.now()`.as('now'))
      .executeTakeFirst();
    return begun?.now ?? null;
  });

/** It is certain that nothing happened: nobody has to ask again, and it may be dropped as it may be applied. */
const unbegin = (db: Db, effect: Effect): Promise<void> =>
  settle(db, effect, { evidence: sql`evidence - 'begun' - 'params'` });

const keep = (db: Db, remedy: Remedy, effect: Effect, evidence: Evidence): Promise<Date | null> =>
  underFence(db, effect.run, async (trx) => {
    const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(trx);
    const { now } = rows[0]!;
    return (await recordApplied(trx, remedy, effect, evidence, now)) ? now : null;
  });

/** `intent -> unknown`: nobody repeats it, and a ticket asks a person. */
export const writeDoubt = (db: Db, effect: { run: Fenced; action: { id: string } }, why: string) =>
  settle(db, effect, { state: 'unknown', error_message: fitting(why, 2_000) });

/** `intent -> failed`: it is certain that it was not done. */
export const writeFailure = (
  db: Db,
  effect: { run: Fenced; action: { id: string } },
  why: string,
) =>
  settle(db, effect, {
    state: 'failed',
    error_message: fitting(why, 2_000),
    settled_at: sql<Date>`engine.now()`,
  });

const settle = (
  db: Db,
  { run, action }: { run: Fenced; action: { id: string } },
  values: object,
): Promise<void> =>
  underFence(db, run, async (trx) => {
    await trx
      .updateTable('bot_actions')
      .set({ ...values, execution_id: run.id })
      .where('id', '=', action.id)
      .where('state', '=', 'intent')
      .execute();
  });
