/** Loads the files of a project's folders. */
import type { Bot } from '../contract/bot.ts';
import type { Remedy } from '../contract/remedy.ts';
import type { RefusedCode } from '../catalogue/catalogue.ts';
import { messageOf } from '../ground/errors.ts';
import { fitting } from '../ground/text.ts';
import { filesOfFolder } from './folder.ts';
import { importFile, loadHint } from './import-file.ts';
import { itemsIn } from './items.ts';
import { lineOfExport, lineOfName, placeOf, type Place } from './place.ts';

/** A bot or a remedy, and where it is written. */
export interface Written<Value> {
  value: Value;
  place: Place;
}

export interface LoadedFiles {
  bots: Written<Bot>[];
  remedies: Written<Remedy>[];
  refused: RefusedCode[];
}

const loadSeconds = 10;

/** So many files are loaded at once: one that waits for ever must not hold up the others, and the time of each is its own. */
const atOnce = 8;

/** Loads every file of these folders, and these files (absolute paths). What cannot be loaded is in `refused`; never throws. */
export async function loadFiles(
  named: { folders: readonly string[]; files: readonly string[] },
  root: string,
): Promise<LoadedFiles> {
  const listed = named.folders.map(filesOfFolder);
  const files = [...new Set([...listed.flatMap((each) => each.files), ...named.files])];
  const loaded: LoadedFiles[] = files.map(() => ({ bots: [], remedies: [], refused: [] }));
  let next = 0;
  const loadInTurn = async () => {
    for (let at = next++; at < files.length; at = next++)
      loaded[at] = await loadFile(files[at]!, root);
  };
  await Promise.all(Array.from({ length: atOnce }, loadInTurn));
  return {
    bots: loaded.flatMap((each) => each.bots),
    remedies: loaded.flatMap((each) => each.remedies),
    refused: [...listed, ...loaded].flatMap((each) => each.refused),
  };
}

/** Loads one file. Never throws. */
async function loadFile(file: string, root: string): Promise<LoadedFiles> {
  const loaded: LoadedFiles = { bots: [], remedies: [], refused: [] };
  let exported: Record<string, unknown>;
  try {
    exported = await importFile(file, loadSeconds);
  } catch (error) {
    const place = placeOf(error, { file, root });
    const why = firstLine(messageOf(error));
    loaded.refused.push({ ...place, why, hint: loadHint(error, place.file) });
    return loaded;
  }
  const items = itemsIn(exported);
  for (const { item, as } of items) {
    const line = (name: string) => lineOfName(file, name) ?? lineOfExport(file, as);
    if (item.kind === 'bot')
      loaded.bots.push({ value: item.bot, place: { file, line: line(item.bot.name) } });
    else if (item.kind === 'remedy')
      loaded.remedies.push({ value: item.remedy, place: { file, line: line(item.remedy.name) } });
    else
      loaded.refused.push({
        file,
        line: lineOfExport(file, as),
        why: `its export ${as} is no ${item.what} that can be used: ${item.why}`,
        hint: `write it with ${item.what === 'bot' ? 'defineBot' : 'defineRemedy'} of roundsman/bot, which has an editor and tsc check it`,
      });
  }
  if (items.length === 0)
    loaded.refused.push({
      file,
      line: null,
      why: 'it exports no bot and no remedy',
      hint: 'export what defineBot or defineRemedy returns; a file that others import belongs into a folder below, or begins with _',
    });
  return loaded;
}

/** The text may be anything that a file throws. */
const firstLine = (text: string): string => fitting(text.split('\n', 1)[0]!, 500);
