/** What an apply of files would change: computed from the files and the rows, and written nowhere. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { counted } from '../../ground/text.ts';
import { lackingTablesIn } from '../bots/lacking.ts';
import { BadDefinitionsError } from './definitions-error.ts';
import { readFiles, type GivenFile, type PlacedProblem, type Written } from './files/read.ts';
import { kinds } from './kinds/index.ts';
import { digest, versionOf, type Plan } from './planning/change.ts';
import { planKind } from './planning/plan-kind.ts';
import type { Planning } from './planning/planning.ts';
import { byRow, definitionRows } from './planning/sets.ts';

export interface Asked {
  files: readonly GivenFile[];
  /** the set that the files belong to where they do not say so */
  set?: string | undefined;
  /** remove what the set had and its files no longer name */
  prune?: boolean | undefined;
  /** take definitions over that belong to another set */
  takeOver?: boolean | undefined;
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
      ...read.setPlace!,
      message: `set: the files belong to the set ${read.set}, and --set names ${given}`,
    });
  if (prune && problems.length === 0) refuseEmptyPrune(problems, files, read.written, set);
  if (problems.length > 0) throw new BadDefinitionsError(problems);
  const rows = await definitionRows(db);
  const planning: Planning = {
    db,
    catalogue,
    set,
    takeOver,
    lacking: await lackingTablesIn(db, catalogue),
    rows,
    definitionsOf: byRow(rows.values()),
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
