/** Has a project's files import Roundsman from the program that runs them. */
import { registerHooks } from 'node:module';
import { moduleBeside } from '../ground/module-beside.ts';
import { once } from '../ground/once.ts';

/** What a project's files may import, and the module behind it. */
const modules = new Map<string, string>(
  (
    [
      ['roundsman', '../index'],
      ['roundsman/bot', '../bot'],
      ['roundsman/data', '../data'],
      ['roundsman/testing', '../testing'],
    ] as const
  ).map(([name, path]) => [name, moduleBeside(path, import.meta.url).href]),
);

/**
 * From now on `roundsman/bot` is the contract of the program that runs, wherever npm has put it: with a second copy of the contract, a
 * check that ends with `skip` would count as errored, because its error is of another class. So a project also runs from a clone, and by a
 * global installation.
 */
export const useOwnModules = once((): void => {
  registerHooks({
    resolve(specifier, context, next) {
      const url = modules.get(specifier);
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
    },
  });
});
