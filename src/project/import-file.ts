/** Imports a TypeScript or JavaScript file of a project, as Node runs it. */
import { pathToFileURL } from 'node:url';
import { loadingOwnCode } from '../ground/files/own-code.ts';
import { settlesWithin } from '../ground/settles-within.ts';
import { useOwnModules } from './engine-modules.ts';
import { whileLoading } from './while-loading.ts';

/** A file has not finished loading in time. */
export class LoadsTooLongError extends Error {}

/**
 * What the file exports. Throws what it throws, Node's errors of syntax and imports, and {@link LoadsTooLongError} after so many
 * seconds: an `await` at its top may wait for another system, or never end.
 */
export async function importFile(file: string, seconds: number): Promise<Record<string, unknown>> {
  useOwnModules();
  return loadingOwnCode(file, () => whileLoading(file, () => importWithin(file, seconds)));
}

async function importWithin(file: string, seconds: number): Promise<Record<string, unknown>> {
  const loading = import(pathToFileURL(file).href) as Promise<Record<string, unknown>>;
  if (await settlesWithin(seconds * 1_000, loading)) return loading;
  throw new LoadsTooLongError(`it did not finish loading within ${seconds} s`);
}

/** What to do about an error of {@link importFile}, as a part of a sentence. */
export function loadHint(error: unknown, file: string): string {
  const { code, message = '' } = (error ?? {}) as { code?: string; message?: string };
  if (error instanceof LoadsTooLongError)
    return 'take away what it waits for at its top (an await, or a loop): it has to load without another system';
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return 'Node runs TypeScript by leaving the types out: write what is left without them, for example an object in place of an enum';
  if (/Cannot use import statement outside a module|Unexpected token 'export'/.test(message))
    return `put "type": "module" into the package.json above it, or call it ${file.replace(/\.([jt]s)$/, '.m$1')}`;
  const [, lacking] = /does not provide an export named '([^']+)'/.exec(message) ?? [];
  if (lacking !== undefined)
    return `correct that name; if ${lacking} is a type, write \`import type\`, because Node leaves types out and not what imports them`;
  if (code === 'ERR_IMPORT_ATTRIBUTE_MISSING')
    return "write `with { type: 'json' }` behind the import of a JSON file";
  if (code === 'ERR_MODULE_NOT_FOUND')
    return /Cannot find package/.test(message)
      ? 'install that package in your project, or correct its name'
      : 'correct the path: an import of your own file ends with its extension, such as ./ask.ts';
  return 'correct the file';
}
