import type { Catalogue } from '../catalogue.ts';

/** The catalogue of bots/, or of another module like it, imported when a command needs it. */
export async function loadCatalogue(module?: URL): Promise<Catalogue> {
  const [{ bots, remedies }, { catalogueOf }] = await Promise.all([
    module ? import(module.href) : import('../../bots/index.ts'),
    import('../catalogue.ts'),
  ]);
  return catalogueOf(bots, remedies);
}
