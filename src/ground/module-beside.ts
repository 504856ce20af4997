import { extname } from 'node:path';

/**
 * The file of one of our modules, for a process or a thread that runs it: TypeScript in the checkout, compiled in the
 * package. `path` is relative to the calling module's `import.meta.url`, and has no extension.
 */
export const moduleBeside = (path: string, module: string): URL =>
  new URL(path + extname(new URL(module).pathname), module);
