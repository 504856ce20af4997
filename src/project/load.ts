/** The catalogue of this process: the built-in one, and what the project's config adds to it. */
import { catalogueOf, type Catalogue } from '../catalogue/catalogue.ts';
import type { Bot } from '../contract/bot.ts';
import type { Remedy } from '../contract/remedy.ts';
import { moduleBeside } from '../ground/module-beside.ts';
import { admit, type Admitted } from './admit.ts';
import { loadFiles } from './load-files.ts';
import type { Project } from './read-config.ts';

const importBuiltIn = (): Promise<{ bots: readonly Bot[]; remedies: readonly Remedy[] }> =>
  import('../../bots/index.ts');

/** What a child needs to load the same bots and remedies as its worker, which has read the config. */
export type CatalogueSource = Pick<Project, 'root' | 'builtIn' | 'folders'>;

/** The names of the bots that Roundsman brings. */
export const builtInNames = async (): Promise<readonly string[]> =>
  (await importBuiltIn()).bots.map(({ name }) => name);

/** The bots and remedies of a project, and what of its own files was left out. */
export async function loadCode({ root, builtIn, folders }: CatalogueSource): Promise<Admitted> {
  const { bots, remedies } = await importBuiltIn();
  const isUsed = ({ name }: Bot) =>
    builtIn === 'all' || (builtIn !== 'none' && builtIn.includes(name));
  const taken = bots.map(({ name }) => name);
  const ofProject = { bots: bots.filter(isUsed), remedies, taken };
  return admit(ofProject, await loadFiles(folders, root), root);
}

/** The catalogue of a project. */
export async function loadProjectCatalogue(source: CatalogueSource): Promise<Catalogue> {
  const { bots, remedies, refused } = await loadCode(source);
  return catalogueOf(bots, remedies, refused);
}

/** The module that a child imports for the same bots and remedies: code.ts, which reads the source in its own address. */
export function codeModule({ root, builtIn, folders }: CatalogueSource): URL {
  const module = moduleBeside('./code', import.meta.url);
  module.searchParams.set('source', JSON.stringify({ root, builtIn, folders }));
  return module;
}
