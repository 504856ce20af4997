/** What an apply of files would change: computed from the files and the rows, and written nowhere. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { counted } from '../../ground/text.ts';
import { lackingTablesIn, type LackingTables } from '../bots/lacking.ts';
import { BadDefinitionsError } from './definitions-error.ts';
import { readFiles, type GivenFile, type PlacedProblem, type Written } from './files/read.ts';
import { kinds } from './kinds/index.ts';
import type { Kind, Present, Values } from './kinds/kind.ts';
import { definitionRows, keyOf, type DefinitionRow } from './sets.ts';

/** A field that differs: null stands for what is not there. */
export interface FieldChange {
  field: string;
  before: unknown;
  after: unknown;
}

export interface Change {
  kind: Kind;
  name: string;
  action: 'add' | 'change' | 'rename' | 'remove';
  /** the row before; null for one that is added */
  before: Present | null;
  /** the fields that the file names, null ones replaced by their defaults */
  wanted: Values;
  fields: FieldChange[];
  /** where the file says so; null where a set no longer names it */
  written: Written | null;
  /** why a person has to agree first; null if no question is asked */
  asks: string | null;
  /** what follows from it, in sentences; empty until {@link planOf} has computed it */
  consequences: string[];
}

export interface Plan {
  /** null: the files belong to no set */
  set: string | null;
  changes: Change[];
  /** definitions of the files that are as they say */
  same: Named[];
  notes: string[];
  /** how many definitions the set had before, of those that are still there */
  owned: number;
  /** names this plan: what it would change, and the versions of all rows that it touches */
  hash: string;
}

/** A definition of the files, and the row that it is. */
export interface Named {
  written: Written;
  id: string;
}

export interface Asked {
  files: readonly GivenFile[];
  /** the set that the files belong to where they do not say so */
  set?: string | undefined;
  /** remove what the set had and its files no longer name */
  prune?: boolean | undefined;
  /** take definitions over that belong to another set */
  takeOver?: boolean | undefined;
}

/** The version of a row: a change of what files can say of it changes its version. */
export const versionOf = (present: Present | null): string | null =>
  present === null ? null : digest([present.id, present.name, present.values]);

const digest = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex');

/** The value with the keys of its maps in order. */
function sorted(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => [key, sorted(each)]);
}

/** Throws {@link BadDefinitionsError} with every mistake that was found. */
export async function planOf(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  { files, set: given, prune = false, takeOver = false }: Asked,
): Promise<Plan> {
  const read = readFiles(files);
  const problems = [...read.problems];
  const set = read.set ?? given ?? null;
  if (given !== undefined && read.set !== null && given !== read.set)
    problems.push({
      ...read.written[0]!.problem(''),
      message: `set: the files belong to the set ${read.set}, and --set names ${given}`,
    });
  if (prune && problems.length === 0) refuseEmptyPrune(problems, files, read.written, set);
  if (problems.length > 0) throw new BadDefinitionsError(problems);
  const planning: Planning = {
    db,
    catalogue,
    set,
    takeOver,
    lacking: await lackingTablesIn(db, catalogue),
    rows: await definitionRows(db),
    now: await currentTime(db),
    problems,
    notes: [],
    same: [],
    changes: [],
    owned: 0,
    left: 0,
    bots: new Set(await botNames(db)),
  };
  for (const kind of kinds) {
    const written = read.written.filter((each) => each.kind === kind);
    const owned = [...planning.rows.values()].filter(
      (row) => row.kind === kind.kind && row.set_name === set && set !== null,
    );
    if (written.length === 0 && owned.length === 0) continue;
    await planKind(planning, { kind, written, owned, prune });
  }
  if (problems.length > 0) throw new BadDefinitionsError(problems);
  const { changes, same, notes, owned, left } = planning;
  if (left > 0)
    notes.push(
      `${counted(left, 'definition')} of the set ${set} ${left === 1 ? 'is' : 'are'} no longer in its files: --prune removes ${left === 1 ? 'it' : 'them'}`,
    );
  const hash = digest(
    changes.map(({ kind, name, action, before, fields }) => [
      kind.kind,
      name,
      action,
      versionOf(before),
      fields,
    ]),
  ).slice(0, 16);
  return { set, changes, same, notes, owned, hash };
}

const botNames = async (db: Db): Promise<string[]> =>
  (await db.selectFrom('bots').select('name').where('removed_at', 'is', null).execute()).map(
    ({ name }) => name,
  );

/** A prune of files that name nothing would remove all that the set has: a wrong path is more likely. */
function refuseEmptyPrune(
  problems: PlacedProblem[],
  files: readonly GivenFile[],
  written: readonly Written[],
  set: string | null,
): void {
  const refuse = (message: string) =>
    problems.push({ place: files[0]?.place ?? '-', line: 1, column: 1, message });
  if (set === null)
    refuse(
      'these files belong to no set, and --prune removes only what belongs to one: write set: NAME, or give --set',
    );
  else if (written.length === 0)
    refuse(`the set ${set} names no definition, and --prune would remove all that it had`);
}

interface Planning {
  db: Db;
  catalogue: Catalogue;
  set: string | null;
  takeOver: boolean;
  lacking: LackingTables;
  rows: Map<string, DefinitionRow>;
  now: Date;
  problems: PlacedProblem[];
  notes: string[];
  same: Named[];
  changes: Change[];
  owned: number;
  /** definitions of the set that its files no longer name, and that stay */
  left: number;
  /** names of bots that there are afterwards */
  bots: Set<string>;
}

interface PlannedKind {
  kind: Kind;
  written: Written[];
  owned: DefinitionRow[];
  prune: boolean;
}

async function planKind(planning: Planning, { kind, written, owned, prune }: PlannedKind) {
  const present = await kind.present(planning.db);
  const byId = new Map(present.map((each) => [each.id, each]));
  const byName = new Map(present.map((each) => [each.name, each]));
  const named = new Set<string>();
  const adding: Change[] = [];
  for (const each of written) {
    const target = targetOf(planning, each, { byId, byName });
    if (target === undefined) continue;
    if (target !== null) {
      const twice = named.has(target.id);
      named.add(target.id);
      if (twice) {
        planning.problems.push(
          each.problem(`is the same as another definition here: both are ${target.name}`),
        );
        continue;
      }
    }
    const change = changeOf(planning, each, target);
    if (change?.action === 'add') adding.push(change);
    else if (change) planning.changes.push(change);
  }
  const gone = owned.filter(
    (row) => !written.some(({ name }) => name === row.name) && !named.has(row.row_id),
  );
  if (!prune && gone.some(({ row_id }) => byId.has(row_id) && !byId.get(row_id)!.over))
    planning.left += gone.filter(({ row_id }) => byId.has(row_id)).length;
  planning.owned += owned.filter(({ row_id }) => byId.has(row_id)).length;
  if (prune)
    for (const row of gone) {
      const before = byId.get(row.row_id);
      if (!before || before.over) continue;
      planning.changes.push({
        kind,
        name: row.name,
        action: 'remove',
        before,
        wanted: {},
        fields: [],
        written: null,
        asks: null,
        consequences: [],
      });
    }
  // New rows are inserted in the order of their names.
  planning.changes.push(...adding.toSorted((a, b) => (a.name < b.name ? -1 : 1)));
  if (kind.kind === 'bots') {
    for (const { kind: of, name, action, before } of planning.changes) {
      if (of !== kind) continue;
      if (action === 'remove' || action === 'rename') planning.bots.delete(before!.name);
      if (action !== 'remove') planning.bots.add(name);
    }
  }
  for (const change of planning.changes.filter((each) => each.kind === kind))
    await checkChange(planning, change, byName);
}

/** The row that a definition is; null for a new one; undefined where it has a mistake. */
function targetOf(
  { rows, set, takeOver, problems, notes }: Planning,
  { kind, name, fields, problem }: Written,
  { byId, byName }: { byId: Map<string, Present>; byName: Map<string, Present> },
): Present | null | undefined {
  const row = rows.get(keyOf(kind.kind, name));
  const remembered = row && byId.get(row.row_id);
  const same = byName.get(name);
  if (remembered && row.set_name !== null && row.set_name !== set && !takeOver) {
    if (set !== null) {
      problems.push(
        problem(
          `belongs to the set ${row.set_name} (${row.file}), and not to ${set}: take it out of one of them; --take-over gives it to ${set}`,
        ),
      );
      return undefined;
    }
    notes.push(
      `${kind.kind} ${name} belongs to the set ${row.set_name}: its next apply may change it back`,
    );
  }
  const before =
    fields.was === undefined || fields.was === name ? undefined : byName.get(String(fields.was));
  if (before && (same ?? remembered) && (same ?? remembered)!.id !== before.id) {
    problems.push(
      problem(
        `there are both ${name} and ${before.name}: take \`was\` out, or rename or remove one of them first`,
        'was',
      ),
    );
    return undefined;
  }
  if (before) return before;
  if (remembered && same && same.id !== remembered.id) {
    // A person renamed the row, and gave the name to another one.
    return same;
  }
  return remembered ?? same ?? null;
}

/** What has to be changed for one definition; null if nothing has. */
function changeOf(planning: Planning, written: Written, target: Present | null): Change | null {
  const { kind, name, problem, fields: given } = written;
  const before = target?.values ?? null;
  const usual = kind.defaults(name);
  const nulls = Object.keys(given).filter((field) => given[field] === null);
  let wanted: Values;
  try {
    const texts = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== null && value !== undefined),
    );
    const reset = Object.fromEntries(nulls.map((field) => [field, usual[field] ?? null]));
    wanted = { ...kind.read(texts, before, name), ...reset };
  } catch (error) {
    planning.problems.push(problem(inFile(error)));
    return null;
  }
  const past = kind.isPast?.(wanted, planning.now) ?? null;
  if (target === null) {
    const missing = kind.required.filter((field) => wanted[field] === undefined);
    if (missing.length > 0) {
      planning.problems.push(
        problem(
          `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing, and ${name} is not there yet`,
        ),
      );
      return null;
    }
    if (past !== null) {
      planning.notes.push(`${kind.kind} ${name} is not added: ${past}`);
      return null;
    }
    const all: Values = { ...usual, ...wanted };
    const fields = kind.fields
      .filter((field) => wanted[field] !== undefined)
      .map((field) => ({ field, before: null, after: wanted[field] }));
    return {
      kind,
      name,
      action: 'add',
      before: null,
      wanted: all,
      fields,
      written,
      asks: kind.asks?.(null, all) ?? null,
      consequences: [],
    };
  }
  const fields = kind.fields
    // A row that was written by hand may have what a command would tidy, such as spaces: a file may say that, too.
    .filter(
      (field) =>
        field in wanted &&
        ![wanted[field], given[field]].some((each) => isDeepStrictEqual(each, before![field])),
    )
    .map((field) => ({ field, before: before![field] ?? null, after: wanted[field] }));
  const renamed = kind.rename !== undefined && target.name !== name;
  if (fields.length === 0 && !renamed) {
    if (target.over) planning.notes.push(`${kind.kind} ${name} has ended: take it out of the file`);
    planning.same.push({ written, id: target.id });
    return null;
  }
  if (past !== null) {
    planning.notes.push(`${kind.kind} ${name} is not changed: ${past}`);
    return null;
  }
  return {
    kind,
    name,
    action: renamed ? 'rename' : 'change',
    before: target,
    wanted,
    fields,
    written,
    asks: kind.asks?.(before, { ...before, ...wanted }) ?? null,
    consequences: [],
  };
}

async function checkChange(
  { db, catalogue, lacking, bots, problems }: Planning,
  { kind, name, action, before, wanted, fields, written }: Change,
  byName: Map<string, Present>,
): Promise<void> {
  if (written === null) return;
  const taken = action === 'rename' ? byName.get(name) : undefined;
  if (taken && taken.id !== before!.id)
    return void problems.push(
      written.problem(
        `was renamed to ${before!.name}, and another one has its name now: rename one of them`,
      ),
    );
  try {
    await kind.check(
      { db, catalogue, lacking, bots },
      {
        name,
        before: before?.values ?? null,
        after: { ...before?.values, ...wanted },
        changed: fields.map(({ field }) => field),
      },
    );
  } catch (error) {
    const message = inFile(error);
    const field = fields.find((each) => new RegExp(`\\b${each.field}\\b`).test(message))?.field;
    problems.push(written.problem(message, field));
  }
}

/** Why a service refuses a definition, with the fields of files in place of the options of commands. */
function inFile(error: unknown): string {
  if (!(error instanceof RoundsmanError)) throw error;
  const { what, why, hint } = error;
  return `${what}: ${why}; ${hint}`.replaceAll(/--([a-z][a-z-]*)/g, (_, option: string) =>
    option.replaceAll('-', '_'),
  );
}
