/** Writes what there is as files of definitions; what a file had already keeps its comments and its order. */
import { isDeepStrictEqual } from 'node:util';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { BadDefinitionsError } from './definitions-error.ts';
import {
  add,
  newFile,
  openFile,
  removeFrom,
  textOf,
  update,
  type ExportedFile,
  type OpenFile,
} from './exported-file.ts';
import { fieldsToWrite } from './fields-to-write.ts';
import { readFiles, type GivenFile } from './files/read.ts';
import type { Kind, Present } from './kinds/kind.ts';
import { definitionRows, keyOf, type DefinitionRow } from './planning/sets.ts';

export interface Exported {
  files: ExportedFile[];
  /** fields that were left out because they hold what looks like a credential: `bots.billing.config` */
  left: string[];
}

interface AskedExport {
  kinds: readonly Kind[];
  /** files that are there already */
  files: readonly GivenFile[];
  /** the file to which a definition goes that none of these files has */
  placeOf(kind: Kind): string;
  /** the address of the JSON Schema, as the first line of a new file names it */
  schemaOf(kind: Kind): string;
  set?: string | undefined;
  /** also definitions that no file names yet; otherwise only those of the set */
  all: boolean;
}

/**
 * The files after the export: those that are there, brought up to date, and new ones. A definition that no file names is written
 * if it belongs to the set, or if all are asked for. Throws BadDefinitionsError for a file that cannot be read.
 */
export async function exportOf(db: Db, asked: AskedExport): Promise<Exported> {
  const read = readFiles(asked.files);
  if (read.problems.length > 0) throw new BadDefinitionsError(read.problems);
  const set = read.set ?? asked.set ?? null;
  if (read.set !== null && asked.set !== undefined && asked.set !== read.set)
    throw new UsageError({
      what: 'nothing was written',
      why: `the files belong to the set ${read.set}, and --set names ${asked.set}`,
      hint: `leave --set out, or give --set ${read.set}`,
    });
  const rows = await definitionRows(db);
  const files = new Map<string, OpenFile>();
  for (const { place, text } of asked.files) files.set(place, openFile(place, text));
  const left: string[] = [];
  for (const kind of asked.kinds) {
    const present = (await kind.present(db)).filter(({ over }) => !over);
    const written = read.written.filter((each) => each.kind === kind);
    const byId = new Map(present.map((each) => [each.id, each]));
    const byName = new Map(present.map((each) => [each.name, each]));
    const done = new Set<string>();
    for (const each of written) {
      const file = files.get(each.problem('').place)!;
      const row = rows.get(keyOf(kind.kind, each.name));
      const target =
        (row && byId.get(row.row_id)) ??
        byName.get(each.name) ??
        (typeof each.fields.was === 'string' ? byName.get(each.fields.was) : undefined);
      // What a file says and no apply has made is still to come: it was not removed.
      const isToCome = row === undefined && (!target || isUnset(kind, target));
      if (target) done.add(target.id);
      if (isToCome) continue;
      if (target) update(file, kind, { name: each.name, fields: each.fields }, target, left);
      else removeFrom(file, each.name);
    }
    const others = present.filter(
      ({ id }) => !done.has(id) && (asked.all || belongs(kind, id, set, rows)),
    );
    for (const target of others) {
      if (Object.keys(fieldsToWrite(kind, target, null, [])).length === 0) continue;
      const place = asked.placeOf(kind);
      const there = files.get(place);
      refuseOtherKind(there, kind);
      const file = there ?? newFile(place, kind, { set, schema: asked.schemaOf(kind) });
      files.set(place, file);
      add(file, kind, target, left);
    }
  }
  return {
    left,
    files: [...files.values()]
      .filter(({ isChanged }) => isChanged)
      .map(({ place, added, changed, takenOut, ...file }) => ({
        place,
        text: textOf(file),
        added,
        changed,
        takenOut,
      })),
  };
}

/** Throws UsageError where the file to which a definition would go has definitions of another kind. */
function refuseOtherKind(file: OpenFile | undefined, { kind }: Kind): void {
  if (file === undefined || file.kind === kind) return;
  throw new UsageError({
    what: 'nothing was written',
    why: `${file.place} would get the ${kind}, and has definitions of the kind ${file.kind}`,
    hint: 'rename that file: a new file is named after its kind',
  });
}

/** Whether a limit or a setting is as it is unless given. */
const isUnset = (kind: Kind, { name, values }: Present): boolean =>
  kind.form === 'values' && isDeepStrictEqual(values.value, kind.defaults(name).value ?? null);

/** Whether a definition belongs to the set. */
const belongs = (
  kind: Kind,
  id: string,
  set: string | null,
  rows: Map<string, DefinitionRow>,
): boolean =>
  set !== null &&
  [...rows.values()].some(
    (row) => row.kind === kind.kind && row.row_id === id && row.set_name === set,
  );
