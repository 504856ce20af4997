import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { UsageError } from '../../ground/errors.ts';
import { counted, printable } from '../../ground/text.ts';
import { exportOf } from '../../services/definitions/export.ts';
import type { ExportedFile } from '../../services/definitions/exported-file.ts';
import { readFiles, type GivenFile } from '../../services/definitions/files/read.ts';
import { jsonSchemaNamed, kindNamed, listKinds } from '../../services/definitions/schema.ts';
import { withDatabase } from '../session/database.ts';
import { note, printJson, put, say } from '../terminal/print.ts';
import { filesOf, isFolder } from './files.ts';

interface ExportOptions {
  file?: string;
  set?: string;
  all?: true;
  json?: true;
}

/** The folder beside the definitions, hidden, in which their JSON Schemas are: the first line of each file names them. */
const schemas = '.roundsman';

export async function exportDefinitions(given: string[], options: ExportOptions): Promise<void> {
  const { file: path } = options;
  const kinds = (given.length > 0 ? given : listKinds().map(({ kind }) => kind)).map(kindNamed);
  if (path === undefined && (given.length !== 1 || options.json)) throw whereTo();
  const toFolder = path !== undefined && (await isFolderTo(path));
  const files = await filesThere(path, toFolder);
  const folder = path === undefined ? '.' : toFolder ? path : dirname(path);
  await withDatabase(async ({ db }) => {
    const exported = await exportOf(db, {
      kinds: toFolder || path === undefined ? kinds : ofFile(kinds, given, files, path),
      files,
      placeOf: ({ kind }) => (toFolder ? join(path, fileOf(kind, files)) : (path ?? '')),
      schemaOf: ({ kind }) => `${schemas}/${kind}.schema.json`,
      set: options.set,
      all: options.all === true || files.length === 0,
    });
    for (const each of exported.left)
      note(
        `${printable(each)} is left out: it holds what looks like a credential in plain text; a reference to a stored secret would be written`,
      );
    if (path === undefined) return put(exported.files[0]?.text ?? '', '');
    for (const file of exported.files) await write(file);
    if (exported.files.length > 0) await writeSchemas(folder, kinds);
    tell(exported.files, options);
  });
}

const whereTo = (): UsageError =>
  new UsageError({
    what: 'nothing was written',
    why: 'without -f one kind is printed, and one has to be named',
    hint: '`npx roundsman export -f definitions` writes all kinds into a folder, `npx roundsman export bots` prints one',
  });

/** A path that is not there is a folder unless it ends as a file of definitions does. */
const isFolderTo = async (path: string): Promise<boolean> =>
  existsSync(path) ? isFolder(path) : !/\.ya?ml$/i.test(path);

async function filesThere(path: string | undefined, toFolder: boolean): Promise<GivenFile[]> {
  if (path === undefined || !existsSync(path)) return [];
  return filesOf([path], { mayBeEmpty: toFolder });
}

/** The kinds of which a file that is named alone holds definitions: a new one those that were asked for. */
function ofFile(
  kinds: ReturnType<typeof kindNamed>[],
  given: readonly string[],
  files: readonly GivenFile[],
  path: string,
) {
  const inFile = new Set(readFiles(files).written.map(({ kind }) => kind));
  const wanted =
    given.length > 0 || inFile.size === 0 ? kinds : kinds.filter((kind) => inFile.has(kind));
  if (wanted.length === 1) return wanted;
  throw new UsageError({
    what: 'nothing was written',
    why: `${path} is one file, and holds definitions of one kind`,
    hint: `name the kind: \`npx roundsman export bots -f ${path}\`; or give a folder`,
  });
}

/** The file of a folder to which new definitions of a kind go. */
const fileOf = (kind: string, files: readonly GivenFile[]): string =>
  files.some(({ place }) => place.endsWith(`${kind}.yml`)) ? `${kind}.yml` : `${kind}.yaml`;

/** Writes a file whole or not at all. What was there keeps its ends of lines, its byte order mark and its rights. */
async function write({ place, text }: ExportedFile): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  const before = existsSync(place) ? readFileSync(place, 'utf8') : '';
  const lines = before.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
  const mark = before.startsWith('\uFEFF') ? '\uFEFF' : '';
  const aside = join(dirname(place), `.${process.pid}.${Date.now()}.tmp`);
  const mode = before === '' ? 0o644 : statSync(place).mode & 0o777;
  await writeFile(aside, `${mark}${lines}`, { mode, flag: 'wx' });
  await rename(aside, place);
}

async function writeSchemas(folder: string, kinds: { kind: string }[]): Promise<void> {
  await mkdir(join(folder, schemas), { recursive: true });
  for (const { kind } of kinds)
    await writeFile(
      join(folder, schemas, `${kind}.schema.json`),
      `${JSON.stringify(jsonSchemaNamed(kind), null, 2)}\n`,
    );
}

/** Of how many definitions that were taken out the names are said. */
const maxNamed = 5;

function tell(files: readonly ExportedFile[], options: ExportOptions): void {
  if (options.json)
    return printJson(
      files.map(({ place, added, changed, takenOut }) => ({
        file: place,
        added,
        changed,
        removed: takenOut.length,
      })),
    );
  if (files.length === 0) return say('The files say what there is: nothing was written.');
  for (const { place, added, changed, takenOut } of files) {
    const named = takenOut.slice(0, maxNamed).map(printable).join(', ');
    const more = takenOut.length > maxNamed ? ' and others' : '';
    say(
      `${printable(relative('.', place) || place)}: ${counted(added, 'definition')} added, ${changed} changed, ${takenOut.length} taken out${named && ` (${named}${more})`}`,
    );
  }
}
