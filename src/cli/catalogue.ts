import type { Catalogue } from '../catalogue.ts';

/** The catalogue of bots/, imported when a command needs it. */
export async function loadCatalogue(): Promise<Catalogue> {
  const [{ bots, remedies }, { catalogueOf }] = await Promise.all([
    import('../../bots/index.ts'),
    import('../catalogue.ts'),
  ]);
  return catalogueOf(bots, remedies);
}
