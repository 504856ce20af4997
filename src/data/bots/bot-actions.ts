import { sql, type Selectable } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import { RoundsmanError } from '../../ground/errors.ts';
import type { Db } from '../../database/connect.ts';
import { timeOf, type Since } from '../../database/rows/since.ts';
import { object, uuid } from '../../database/faults/bad-input.ts';
import type { BotActions } from '../../database/tables.ts';
import { rowLimit } from './row-limit.ts';

export type ActionRow = Selectable<BotActions>;

/** The effect of an action cannot be taken back; `why` says what prevents it. */
export class CannotUndoError extends RoundsmanError {}

/** Selects actions with the names of bot and entry: `bots` and `bot_knowledge` are one object each, named like their tables. */
const actions = (db: Db) =>
  db
    .selectFrom('bot_actions as action')
    .leftJoin('bots', 'bots.id', 'action.bot_id')
    .leftJoin('bot_knowledge as k', 'k.id', 'action.knowledge_id')
    .selectAll('action')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'))
    .select((eb) => jsonBuildObject({ name: eb.ref('k.name') }).as('bot_knowledge'));

export interface ActionFilter {
  botId?: string | undefined;
  /** only steps taken at that time or later */
  since?: Since | undefined;
  /** 1 to 1,000,001 */
  limit: number;
}

/** Steps of heals, the newest first, each with its bot's and its entry's name. Throws BadInputError. */
export async function listActions(db: Db, filter: ActionFilter) {
  const { botId, since, limit } = object('filter', filter);
  return actions(db)
    .$if(botId !== undefined, (query) => query.where('action.bot_id', '=', uuid('bot_id', botId)))
    .$if(since !== undefined, (query) => query.where('action.taken_at', '>=', timeOf(since!)))
    .orderBy('action.taken_at', 'desc')
    .orderBy('action.step', 'desc')
    .orderBy('action.id')
    .limit(rowLimit(limit))
    .execute();
}

/** `bots` is the action's bot, named as its table is; so is `bot_knowledge` its entry. */
export type ListedAction = Awaited<ReturnType<typeof listActions>>[number];

export const oneAction = (db: Db, id: string): Promise<ListedAction> =>
  actions(db).where('action.id', '=', id).executeTakeFirstOrThrow();

/** All steps of one heal, in their order. Throws BadInputError. */
export const stepsOfHeal = async (db: Db, healId: string): Promise<ActionRow[]> =>
  db
    .selectFrom('bot_actions')
    .selectAll()
    .where('heal_id', '=', uuid('heal_id', healId))
    .orderBy('step')
    .execute();

/** How a heal stands, by the state of its last step: each state is in one of these. */
export const healStandings = {
  verified: ['verified'],
  held: ['held'],
  waiting: ['intent', 'applied'],
  wrong: ['failed', 'relapsed', 'undone'],
  unknown: ['unknown'],
  /** nothing was done, or what was done cannot be judged */
  untold: ['aborted', 'undecided'],
} as const satisfies Record<string, ActionRow['state'][]>;

export type HealCounts = Record<keyof typeof healStandings, number>;

/** How many of the heals to which these steps belong have each standing. */
export function countHealsOf(
  steps: Pick<ActionRow, 'heal_id' | 'step' | 'state'>[],
): HealCounts & { all: number } {
  const last = new Map<string, (typeof steps)[number]>();
  for (const step of steps) {
    const known = last.get(step.heal_id);
    if (!known || step.step > known.step) last.set(step.heal_id, step);
  }
  const found = [...last.values()].map(({ state }) => state);
  const count = (standing: keyof typeof healStandings) =>
    found.filter((state) => (healStandings[standing] as readonly string[]).includes(state)).length;
  return {
    verified: count('verified'),
    held: count('held'),
    waiting: count('waiting'),
    wrong: count('wrong'),
    unknown: count('unknown'),
    untold: count('untold'),
    all: found.length,
  };
}

/** States of a step whose outcome is not known yet; a fingerprint has one such step at most. */
const unfinished: ActionRow['state'][] = ['intent', 'applied', 'unknown'];

/**
 * Whether an action under this alias is unfinished. The states are literals and not parameters, so that the planner
 * can use the partial index on them.
 */
export const isUnfinished = (alias: string) =>
  sql<boolean>`${sql.ref(`${alias}.state`)} IN (${sql.join(unfinished.map((word) => sql.lit(word)))})`;

/** States in which an effect is in place, as far as is known. */
export const inPlace: ReadonlySet<ActionRow['state']> = new Set([
  'applied',
  'verified',
  'held',
  'relapsed',
  'failed',
  'undecided',
]);

/**
 * Why the effect of an action may not be taken back, judged by its row and the other steps of its heal; null when it
 * may. Whether its remedy is able to do it is another question.
 */
export function undoRefusal(action: ActionRow, steps: ActionRow[]): string | null {
  if (action.state === 'undone') return 'it was taken back already';
  if (action.state === 'unknown') return 'it is not known whether it happened: look at its ticket';
  if (!action.applied_at || !inPlace.has(action.state)) return 'it was never applied';
  const later = steps.find(
    ({ step, state, applied_at }) =>
      step > action.step &&
      (state === 'intent' || state === 'unknown' || (applied_at !== null && inPlace.has(state))),
  );
  return later
    ? `step ${later.step} of its heal came after it, and has to be taken back first (${later.id.slice(0, 8)})`
    : null;
}
