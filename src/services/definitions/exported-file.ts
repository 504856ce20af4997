/** A file of definitions while it is written: definitions are added, brought up to date and taken out. */
import { isDeepStrictEqual } from 'node:util';
import { Document, isMap, isScalar, parseDocument, Pair, Scalar, YAMLMap } from 'yaml';
import { escapeHiddenInYaml, isHidden } from '../../ground/documents/hidden-characters.ts';
import { quoteTexts } from '../../ground/documents/yaml-quotes.ts';
import { fieldsToWrite } from './fields-to-write.ts';
import { version } from './files/header.ts';
import { bringUpToDate, nodeOf } from './files/set-key.ts';
import type { Kind, Present, Values } from './kinds/kind.ts';

export interface ExportedFile {
  place: string;
  text: string;
  /** definitions that were added to it, and changed in it */
  added: number;
  changed: number;
  /** the names of those that were taken out of it */
  takenOut: string[];
}

export interface OpenFile extends ExportedFile {
  /** of which kind its definitions are; null: it says none */
  kind: string | null;
  document: Document;
  isChanged: boolean;
}

const untouched = () => ({ text: '', added: 0, changed: 0, takenOut: [] });

export function openFile(place: string, text: string): OpenFile {
  const document = parseDocument(text) as unknown as Document;
  const kind = document.get('kind');
  return { ...untouched(), place, document, kind: kind ? String(kind) : null, isChanged: false };
}

export function newFile(
  place: string,
  kind: Kind,
  { set, schema }: { set: string | null; schema: string },
): OpenFile {
  const head = { apiVersion: version, kind: kind.kind, ...(set !== null && { set }) };
  const document = new Document({ ...head, definitions: {} });
  document.commentBefore = ` yaml-language-server: $schema=${schema}`;
  return { ...untouched(), place, document, kind: kind.kind, isChanged: true };
}

/** The map of definitions in a file. */
function definitionsIn({ document }: OpenFile): YAMLMap {
  const found = document.get('definitions', true);
  if (isMap(found)) return found as YAMLMap;
  const map = new YAMLMap();
  document.set('definitions', map);
  return map;
}

/** Takes a definition out that is no longer there. A document is left as its file says. */
export function removeFrom(file: OpenFile, name: string): void {
  if (!definitionsIn(file).delete(name)) return;
  file.isChanged = true;
  file.takenOut.push(name);
}

export function add(file: OpenFile, kind: Kind, target: Present, left: string[]): void {
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
export function update(
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

/** Throws where the text would read back as something else, which would be a defect. */
export function textOf({ document }: Pick<OpenFile, 'document'>): string {
  quoteTexts(document, isHidden);
  const text = escapeHiddenInYaml(document.toString({ lineWidth: 0 }));
  if (!isDeepStrictEqual(parseDocument(text).toJS(), document.toJS()))
    throw new Error('an exported file would read back as something else');
  return text;
}
