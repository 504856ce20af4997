/** Carries a plan out: all of it in one transaction, or nothing. */
import { isDeepStrictEqual } from 'node:util';
import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Database, Db } from '../../database/connect.ts';
import { lockNotGranted, stateOf } from '../../database/faults/sql-states.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { printable, storable } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { lockSettings } from './kinds/engine-settings.ts';
import { kinds } from './kinds/index.ts';
import type { Applying, Kind, Present, Values } from './kinds/kind.ts';
import { versionOf, type Change, type Plan } from './planning/change.ts';
import { changedBy } from './changed-by.ts';
import { maskedValue, shown } from './shown.ts';
import { remember } from './remember.ts';

/** Rows were changed after the plan was made: `reasons` says what, and by whom where that is known. Nothing was changed. */
export class ChangedMeanwhileError extends RoundsmanError {
  override readonly retryable = true;
}

/** Another apply was at work for longer than statements wait for locks. Nothing was changed. */
export class OtherApplyError extends RoundsmanError {
  override readonly retryable = true;
}

export interface Applied {
  /** changes that were carried out */
  changed: number;
  /** changes that another session had made already, in the meantime */
  made: number;
}

/**
 * Changes the rows as the plan says, by the services of each kind, and remembers which row each definition is. For owners and
 * admins. Throws {@link ChangedMeanwhileError}, and what the services throw; nothing is changed then.
 */
export async function applyPlan(
  { db, actor, catalogue }: { db: Db; actor: Actor; catalogue: Catalogue },
  { plan }: { plan: Plan },
): Promise<Applied> {
  authorise(actor, 'apply definitions', 'admin');
  return db.transaction().execute(async (trx) => {
    await waitForOtherApplies(trx);
    const applying = (change: Change): Applying => ({
      db: trx,
      actor: { ...actor, source: 'apply', place: placeOf(plan, change) },
      catalogue,
    });
    const differences: string[] = [];
    const ids = new Map<Change, string>();
    let made = 0;
    const keys = plan.changes.flatMap(({ kind, name }) => kind.settingKeys?.([name]) ?? []);
    await lockSettings(trx, [...new Set(keys)]);
    for (const kind of kinds) {
      const changes = plan.changes.filter((each) => each.kind === kind);
      if (changes.length === 0) continue;
      await kind.lock(trx, await idsToLock(trx, kind, plan));
      const open = await stillOpen(trx, kind, changes, { ids, differences });
      made += changes.length - open.length;
      // What is wrong is said of all kinds at once, and nothing is changed any more.
      if (differences.length === 0)
        for (const change of inOrder(open))
          ids.set(change, await carryOut(applying(change), change));
    }
    if (differences.length > 0)
      throw new ChangedMeanwhileError({
        what: 'nothing was applied',
        why: differences.join('; '),
        reasons: differences,
        hint: 'look at the new differences with `npx roundsman diff`, and apply again',
      });
    await remember(trx, plan, ids, storable(actor.name));
    return { changed: plan.changes.length - made, made };
  });
}

/** One apply at a time: the second one sees what the first one has done. */
async function waitForOtherApplies(trx: Transaction<Database>): Promise<void> {
  try {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('apply definitions', 0))`.execute(trx);
  } catch (error) {
    if (stateOf(error) !== lockNotGranted) throw error;
    throw new OtherApplyError(
      {
        what: 'nothing was applied',
        why: 'another apply has been at work for longer than this one waits for it',
        hint: 'let it end, look with `npx roundsman diff` at what is left, and apply again',
      },
      { cause: error },
    );
  }
}

/** The set and the file, as the history of each definition says it: `the set web, bots.yaml`. */
function placeOf({ set }: Plan, { file, written }: Change): string {
  const named = written ? file : `no longer in ${file}`;
  return set === null ? named : `the set ${set}, ${named}`;
}

/**
 * The rows that are changed. At the end of a transaction that removes bots, the figures of entries are written, of any of them: where
 * entries are changed, too, all of them are locked, so that they are locked in one order.
 */
async function idsToLock(
  trx: Transaction<Database>,
  kind: Kind,
  { changes }: Plan,
): Promise<string[]> {
  if (
    kind.kind === 'knowledge' &&
    changes.some((each) => each.kind.kind === 'bots' && each.action === 'remove')
  )
    return (await kind.present(trx)).map(({ id }) => id);
  return changes.flatMap((each) => (each.kind === kind && each.before ? [each.before.id] : []));
}

/** The changes that are still to be made; what another session has changed differently is a difference. */
async function stillOpen(
  trx: Transaction<Database>,
  kind: Kind,
  changes: readonly Change[],
  { ids, differences }: { ids: Map<Change, string>; differences: string[] },
): Promise<Change[]> {
  const present = await kind.present(trx);
  const byId = new Map(present.map((each) => [each.id, each]));
  const byName = new Map(present.map((each) => [each.name, each]));
  const open: Change[] = [];
  for (const change of changes) {
    const now = change.before ? byId.get(change.before.id) : byName.get(change.name);
    if (versionOf(now ?? null) === versionOf(change.before)) open.push(change);
    else if (isMade(change, now)) ids.set(change, now?.id ?? change.before!.id);
    else differences.push(await differenceOf(trx, change, now));
  }
  return open;
}

/** Whether a row already is what the change would make of it. */
function isMade({ action, name, fields }: Change, now: Present | undefined): boolean {
  if (action === 'remove' || !now) return action === 'remove' && !now;
  return (
    now.name === name &&
    fields.every(({ field, after }) => isDeepStrictEqual(now.values[field], after))
  );
}

/** `bots session-cleaner: schedule was '@daily' and is '@hourly' now, by ann at ...` */
async function differenceOf(
  trx: Transaction<Database>,
  change: Change,
  now: Present | undefined,
): Promise<string> {
  const { kind, name, before } = change;
  const what = printable(`${kind.kind} ${name}`);
  const fields =
    before && now
      ? kind.fields.filter((field) => !isDeepStrictEqual(before.values[field], now.values[field]))
      : [];
  const renamed = before && now && now.name !== before.name ? ['name'] : [];
  const by = await changedBy(trx, kind, {
    id: (now ?? before)!.id,
    fields: [...fields, ...renamed],
  });
  const who = by === null ? '' : `, by ${by}`;
  if (!now) return `${what} was removed${who}`;
  if (!before) return `${what} was added${who}`;
  const was = (field: string, values: Values) => shown(maskedValue(change, field, values[field]));
  const said = fields.map(
    (field) => `${field} was ${was(field, before.values)} and is ${was(field, now.values)} now`,
  );
  if (now.name !== before.name) said.push(`it is called ${printable(now.name)} now`);
  return `${what}: ${said.join(', ')}${who}`;
}

const order = { remove: 0, rename: 1, change: 2, add: 3 } as const;

/** A name that a removal or a renaming makes free is taken after that. */
const inOrder = (changes: readonly Change[]): Change[] =>
  changes.toSorted((a, b) => order[a.action] - order[b.action]);

/** Returns the id of the row. */
async function carryOut(
  applying: Applying,
  { kind, name, action, before, wanted, fields }: Change,
): Promise<string> {
  if (before === null) return kind.add(applying, name, wanted);
  if (action === 'remove') {
    await kind.remove(applying, before);
    return before.id;
  }
  if (action === 'rename') await kind.rename!(applying, before, name);
  const changed = fields.map(({ field }) => field);
  return changed.length === 0 ? before.id : kind.change(applying, before, wanted, changed);
}
