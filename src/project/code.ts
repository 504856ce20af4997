/** The bots and remedies of a project as a module, for the children of a worker: {@link codeModule} writes its address. */
import { loadCode, type CatalogueSource } from './load.ts';

const source = JSON.parse(new URL(import.meta.url).searchParams.get('source')!) as CatalogueSource;

export const { bots, remedies } = await loadCode(source);
