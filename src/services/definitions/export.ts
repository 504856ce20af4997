/** Writes what there is as files of definitions; what a file had already keeps its comments and its order. */
import { isDeepStrictEqual } from 'node:util';
import { Document, isMap, isScalar, parseDocument, Pair, Scalar, visit, YAMLMap } from 'yaml';
import type { Db } from '../../database/connect.ts';
import { literalCredentials } from '../../ground/secrets/literal-credentials.ts';
import { escapeHiddenInYaml, isHidden } from '../../ground/documents/hidden-characters.ts';
import { quoteTexts } from '../../ground/documents/yaml-quotes.ts';
import { UsageError } from '../../ground/errors.ts';
import { BadDefinitionsError } from './definitions-error.ts';
import { version } from './files/header.ts';
import { readFiles, type GivenFile } from './files/read.ts';
import type { Kind, Present, Values } from './kinds/kind.ts';
import { definitionRows, keyOf, type DefinitionRow } from './sets.ts';

export interface ExportedFile {
  place: string;
  text: string;
  /** definitions that were added to it, changed in it, and taken out of it */
  added: number;
  changed: number;
  removed: number;
}

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
        byName.get(String(each.fields.was));
      if (!target) removeFrom(file, each.name);
      else {
        done.add(target.id);
        update(file, kind, { name: each.name, fields: each.fields }, target, left);
      }
    }
    const others = present.filter(
      ({ id }) => !done.has(id) && (asked.all || belongs(kind, id, set, rows)),
    );
    for (const target of others) {
      if (Object.keys(fieldsToWrite(kind, target, null, [])).length === 0) continue;
      const place = asked.placeOf(kind);
      const file = files.get(place) ?? newFile(place, kind, { set, schema: asked.schemaOf(kind) });
      files.set(place, file);
      add(file, kind, target, left);
    }
  }
  return {
    left,
    files: [...files.values()]
      .filter(({ isChanged }) => isChanged)
      .map(({ place, added, changed, removed, ...file }) => ({
        place,
        text: textOf(file),
        added,
        changed,
        removed,
      })),
  };
}

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

/** What a definition says in a file: fields that the file names already, and those that are not as usual. */
function fieldsToWrite(
  kind: Kind,
  { name, values }: Present,
  inFile: Values | null,
  left: string[],
): Values {
  const usual = kind.defaults(name);
  const names = kind.fields.filter((field) => {
    if (inFile && field in inFile) return true;
    if (kind.unasked?.includes(field) || values[field] === undefined) return false;
    return !isDeepStrictEqual(values[field], usual[field] ?? null) && !kind.isIdle?.(field, values);
  });
  const written: Record<string, unknown> = {};
  for (const field of names) {
    const found = kind.isOpen?.(name, field) ? [] : literalCredentials({ [field]: values[field] });
    if (found.length === 0) written[field] = values[field] ?? null;
    else if (kind.form === 'document') {
      written[field] = withoutPlaces(
        values[field],
        found.map(({ path }) => path.slice(1)),
      );
      left.push(...found.map(({ path }) => `${kind.kind}: ${path.join('.')}`));
    } else left.push(`${kind.kind} ${name}: ${field}`);
  }
  return written;
}

/** A copy without the values at these paths. */
function withoutPlaces(value: unknown, paths: readonly (readonly (string | number)[])[]): unknown {
  const copy = structuredClone(value);
  for (const path of paths) {
    let at = copy as Record<string | number, unknown>;
    for (const part of path.slice(0, -1)) at = at[part] as typeof at;
    delete at[path.at(-1)!];
  }
  return copy;
}

interface OpenFile extends ExportedFile {
  document: Document;
  isChanged: boolean;
}

const counts = { text: '', added: 0, changed: 0, removed: 0 };

const openFile = (place: string, text: string): OpenFile => ({
  ...counts,
  place,
  document: parseDocument(text) as unknown as Document,
  isChanged: false,
});

function newFile(
  place: string,
  kind: Kind,
  { set, schema }: { set: string | null; schema: string },
): OpenFile {
  const head = { apiVersion: version, kind: kind.kind, ...(set !== null && { set }) };
  const document = new Document({ ...head, definitions: {} });
  document.commentBefore = ` yaml-language-server: $schema=${schema}`;
  return { ...counts, place, document, isChanged: true };
}

/** The map of definitions in a file. */
function definitionsIn({ document }: OpenFile): YAMLMap {
  const found = document.get('definitions', true);
  if (isMap(found)) return found as YAMLMap;
  const map = new YAMLMap();
  document.set('definitions', map);
  return map;
}

function removeFrom(file: OpenFile, name: string): void {
  definitionsIn(file).delete(name);
  file.isChanged = true;
  file.removed += 1;
}

function add(file: OpenFile, kind: Kind, target: Present, left: string[]): void {
  const fields = fieldsToWrite(kind, target, null, left);
  const map = definitionsIn(file);
  if (kind.form === 'document')
    for (const [field, value] of Object.entries(fields)) map.add(pairOf(file, field, value));
  else {
    const pair = pairOf(file, target.name, kind.form === 'values' ? fields.value : fields);
    if (kind.form === 'map' && map.items.length > 0) (pair.key as Scalar).spaceBefore = true;
    map.add(pair);
  }
  file.isChanged = true;
  file.added += 1;
}

const pairOf = ({ document }: OpenFile, key: string, value: unknown): Pair =>
  new Pair(nodeOf(document, key), nodeOf(document, value));

/** Brings one definition of a file up to date. */
function update(
  file: OpenFile,
  kind: Kind,
  written: { name: string; fields: Values },
  target: Present,
  left: string[],
): void {
  const map = definitionsIn(file);
  let isChanged = false;
  if (kind.form === 'map' && target.name !== written.name) {
    const pair = map.items.find(({ key }) => isScalar(key) && key.value === written.name);
    (pair!.key as Scalar).value = target.name;
    delete (pair!.key as Scalar).source;
    isChanged = true;
  }
  const given = Object.entries(written.fields).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  const says = {
    ...kind.defaults(written.name),
    ...kind.read(Object.fromEntries(given), target.values, written.name),
  };
  const fields = fieldsToWrite(kind, target, written.fields, left);
  const holder =
    kind.form === 'document'
      ? map
      : kind.form === 'values'
        ? map
        : (map.get(target.name, true) as unknown as YAMLMap);
  for (const [field, value] of Object.entries(fields)) {
    const isNamed = field in written.fields;
    const same = [says[field] ?? null, written.fields[field]];
    if (isNamed && same.some((each) => isDeepStrictEqual(each, value))) continue;
    const key = kind.form === 'values' ? target.name : field;
    bringUpToDate(file.document, holder, key, value, target.values[field]);
    isChanged = true;
  }
  if (kind.form === 'map' && 'was' in written.fields) isChanged = holder.delete('was') || isChanged;
  if (!isChanged) return;
  file.isChanged = true;
  file.changed += 1;
}

/**
 * Sets one key of a map in a document. Maps in it are changed key by key, so that comments in them stay; a key that is not in `value`
 * and still in `whole` was left out on purpose.
 */
function bringUpToDate(
  document: Document,
  map: YAMLMap,
  key: string,
  value: unknown,
  whole: unknown,
): void {
  const old = map.get(key, true);
  if (isMap(old) && isPlainMap(value) && isPlainMap(whole)) {
    const names = old.items.map(({ key: each }) => String(isScalar(each) ? each.value : each));
    for (const name of names)
      if (!Object.hasOwn(value, name) && !Object.hasOwn(whole, name)) old.delete(name);
    const says = old.toJS(document) as Record<string, unknown>;
    for (const [name, each] of Object.entries(value))
      if (!isDeepStrictEqual(says[name], each))
        bringUpToDate(document, old as YAMLMap, name, each, whole[name]);
    return;
  }
  const node = nodeOf(document, value);
  if (old && typeof old === 'object' && node && typeof node === 'object') {
    const { comment, commentBefore, spaceBefore } = old as Scalar;
    Object.assign(node, { comment, commentBefore, spaceBefore });
  }
  const pair = map.items.find((item) => isScalar(item.key) && item.key.value === key);
  if (pair) pair.value = node;
  else map.add(new Pair(nodeOf(document, key), node));
}

const isPlainMap = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** What other readers of YAML take for a number, a date, a time, a truth or nothing. */
const ambiguous =
  /^(?:[-+.\d][-+.\d:_,a-fox \t]*|y|n|yes|no|on|off|true|false|null|nan|inf|~|=|<<)$/i;

function nodeOf(document: Document, value: unknown) {
  const node = document.createNode(value, { aliasDuplicateObjects: false });
  visit(node as never, {
    Scalar(_, each) {
      if (typeof each.value !== 'string') return;
      if (ambiguous.test(each.value)) each.type = 'QUOTE_SINGLE';
      else if (each.value.includes('\n')) each.type = 'BLOCK_LITERAL';
    },
  });
  return node;
}

/** Throws where the text would read back as something else, which would be a defect. */
function textOf({ document }: Pick<OpenFile, 'document'>): string {
  quoteTexts(document, isHidden);
  const text = escapeHiddenInYaml(document.toString({ lineWidth: 0 }));
  if (!isDeepStrictEqual(parseDocument(text).toJS(), document.toJS()))
    throw new Error('an exported file would read back as something else');
  return text;
}
