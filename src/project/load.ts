/** The catalogue of this process: the built-in one, and what the project's config adds to it. */
import { dirname } from 'node:path';
import { catalogueOf, type Catalogue } from '../catalogue/catalogue.ts';
import type { Bot } from '../contract/bot.ts';
import type { Remedy } from '../contract/remedy.ts';
import { moduleBeside } from '../ground/module-beside.ts';
import { admit, type Admitted } from './admit.ts';
import { didYouMean } from '../ground/nearest.ts';
import { loadFiles } from './load-files.ts';
import { placeInWords } from './place.ts';
import { BadProjectError, trustedFile } from './trusted-file.ts';
import type { Project } from './read-config.ts';

const importBuiltIn = (): Promise<{ bots: readonly Bot[]; remedies: readonly Remedy[] }> =>
  import('../../bots/index.ts');

/** What a child needs to load the same bots and remedies as its worker, which has read the config. */
export interface CatalogueSource extends Pick<Project, 'root' | 'builtIn' | 'folders'> {
  /** single files, beside those of the folders */
  files?: readonly string[];
}

/** The names of the bots that Roundsman brings. */
export const builtInNames = async (): Promise<readonly string[]> =>
  (await importBuiltIn()).bots.map(({ name }) => name);

/** The bots and remedies of a project, and what of its own files was left out. */
export async function loadCode({
  root,
  builtIn,
  folders,
  files = [],
}: CatalogueSource): Promise<Admitted> {
  const { bots, remedies } = await importBuiltIn();
  const isUsed = ({ name }: Bot) =>
    builtIn === 'all' || (builtIn !== 'none' && builtIn.includes(name));
  const taken = bots.map(({ name }) => name);
  const ofProject = { bots: bots.filter(isUsed), remedies, taken };
  return admit(ofProject, await loadFiles({ folders, files }, root), root);
}

/** The catalogue of a project. */
export async function loadProjectCatalogue(source: CatalogueSource): Promise<Catalogue> {
  const { bots, remedies, refused } = await loadCode(source);
  return catalogueOf(bots, remedies, refused);
}

/** The module that a child imports for the same bots and remedies: code.ts, which reads the source in its own address. */
export function codeModule({ root, builtIn, folders, files }: CatalogueSource): URL {
  const module = moduleBeside('./code', import.meta.url);
  module.searchParams.set('source', JSON.stringify({ root, builtIn, folders, files }));
  return module;
}

/** The one bot of a file, as `bots check` tries it. Throws {@link BadProjectError} where the file has none or cannot be loaded. */
export async function loadBotOf(given: string, name?: string): Promise<{ bot: Bot; module: URL }> {
  const file = trustedFile(given, { what: 'the file', hint: 'correct its path' });
  const source = { root: dirname(file), builtIn: 'none', folders: [], files: [file] } as const;
  const { bots, refused } = await loadCode(source);
  const names = bots.map((bot) => bot.name);
  const found = name === undefined ? bots : bots.filter((bot) => bot.name === name);
  // What only concerns the bot's knowledge is no obstacle to its checks.
  if (found.length === 1) return { bot: found[0]!, module: codeModule(source) };
  const what = `the checks of ${given} cannot be asked`;
  if (bots.length > 0)
    throw new BadProjectError({
      what,
      why: `it has ${name === undefined ? 'several bots' : `no bot ${name}`}: ${names.join(', ')}`,
      hint: didYouMean(name ?? '', names, `name one of them with --bot`),
    });
  const [first] = refused;
  throw new BadProjectError({
    what,
    why: first
      ? `${placeInWords(first, source.root)}: ${first.why}`
      : 'it has a remedy, and no bot',
    hint: first?.hint ?? 'name a file that exports a bot',
    ...(refused.length > 1 && {
      reasons: refused.map((code) => `${placeInWords(code, source.root)}: ${code.why}`),
    }),
  });
}
