import type { Catalogue } from '../../catalogue/catalogue.ts';
import { projectFile } from '../../ground/files/project-file.ts';
import { once } from '../../ground/once.ts';
import { moduleBeside } from '../../ground/module-beside.ts';
import type { Project } from '../../project/read-config.ts';
import { noteRefused } from './refused-code.ts';

/** The module of the bots and remedies that Roundsman brings. */
export const builtInModule = moduleBeside('../../../bots/index', import.meta.url);

/** The catalogue of a process, and where its children find the same one. */
export interface LoadedCatalogue {
  catalogue: Catalogue;
  /** the module that exports its bots and remedies */
  module: URL;
  /** null where there is no `roundsman.config.ts`, or where a module was named */
  project: Project | null;
}

const catalogueIn = async (module?: URL): Promise<Catalogue> => {
  const [{ catalogueOf }, { bots, remedies }] = await Promise.all([
    import('../../catalogue/catalogue.ts'),
    module ? import(module.href) : import('../../../bots/index.ts'),
  ]);
  return catalogueOf(bots, remedies);
};

const loadOnce = once(async (): Promise<LoadedCatalogue> => {
  const file = projectFile();
  if (file === null)
    return { catalogue: await catalogueIn(), module: builtInModule, project: null };
  const [{ readProject }, { builtInNames, codeModule, loadProjectCatalogue }] = await Promise.all([
    import('../../project/read-config.ts'),
    import('../../project/load.ts'),
  ]);
  const project = await readProject(file, builtInNames);
  return {
    catalogue: await loadProjectCatalogue(project),
    module: codeModule(project),
    project,
  };
});

/**
 * The catalogue of a module that exports `bots` and `remedies`; without one, that of this process: the built-in one, changed as its
 * `roundsman.config.ts` says. Throws BadProjectError.
 */
export async function loadWholeCatalogue(module?: URL): Promise<LoadedCatalogue> {
  // Imported first, because modules that a bot imports may change pg for the whole process.
  await import('../../database/own-client.ts');
  return module ? { catalogue: await catalogueIn(module), module, project: null } : loadOnce();
}

/** The same for a command, which says on standard error what of the project's own code was left out. */
export async function loadCatalogue(module?: URL): Promise<Catalogue> {
  const { catalogue, project } = await loadWholeCatalogue(module);
  noteRefused(catalogue, project);
  return catalogue;
}

/** The folders of the project's own bots, as absolute paths; none without a project. */
export const ownFolders = async (): Promise<readonly string[]> =>
  (await loadWholeCatalogue()).project?.folders ?? [];

/** The jobs of jobs/, imported when a command needs them. */
export const loadJobs = async () => (await import('../../../jobs/index.ts')).jobs;
