import type { Catalogue } from '../../catalogue/catalogue.ts';

/** The catalogue of bots/, or of another such module, imported when a command needs it. */
export async function loadCatalogue(module?: URL): Promise<Catalogue> {
  // Imported first, because modules that a bot imports may change pg for the whole process.
  await import('../../database/own-client.ts');
  const [{ bots, remedies }, { catalogueOf }] = await Promise.all([
    module ? import(module.href) : import('../../../bots/index.ts'),
    import('../../catalogue/catalogue.ts'),
  ]);
  return catalogueOf(bots, remedies);
}

/** The jobs of jobs/, imported when a command needs them. */
export const loadJobs = async () => (await import('../../../jobs/index.ts')).jobs;
