/** Finds the error classes of the product: every class that extends RoundsmanError, directly or through another class. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../src/ground/errors.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every file of the product by its path, with its text. */
export const sources: ReadonlyMap<string, string> = new Map(
  globSync(['src/**/*.ts', 'bots/**/*.ts', 'jobs/**/*.ts'], { cwd: root })
    .toSorted()
    .map((path) => [path, readFileSync(`${root}${path}`, 'utf8')]),
);

export interface ErrorClass {
  name: string;
  /** the class that it extends */
  parent: string;
  file: string;
  /** its doc comment as one line; empty without one */
  meaning: string;
  isExported: boolean;
  body: string;
}

/** A class as oxfmt writes it, with the doc comment right above it. */
const declaration =
  /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^(export )?class (\w+) extends (\w+)[^{\n]*\{(\}|[\s\S]*?\n\})/gm;

const inOneLine = (comment: string): string =>
  comment
    .replaceAll(/^\s*\/?\*+\/?|\*\/\s*$/gm, ' ')
    .replaceAll(/\{@link ([\w.]+)\}/g, '`$1`')
    .replaceAll(/\s+/g, ' ')
    .trim();

const classes: ErrorClass[] = [...sources].flatMap(([file, text]) =>
  [...text.matchAll(declaration)].map(([, comment = '', exported, name, parent, body]) => ({
    name: name!,
    parent: parent!,
    file,
    meaning: inOneLine(comment),
    isExported: exported !== undefined,
    body: body!,
  })),
);

const rootName = 'RoundsmanError';
const parentOf = ({ parent }: ErrorClass) => classes.find(({ name }) => name === parent);

const isErrorClass = (each: ErrorClass): boolean => {
  if (each.name === rootName) return true;
  const parent = parentOf(each);
  return parent !== undefined && isErrorClass(parent);
};

/** All error classes, sorted by name; the root is one of them. */
export const errorClasses: readonly ErrorClass[] = classes
  .filter(isErrorClass)
  .toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** The constraints that a table of the source turns into a class, by the name of the class. */
const constraints = new Map(
  [...sources.values()].flatMap((text) =>
    [...text.matchAll(/^ +'?(\w+)'?: (\w+Error),$/gm)].map(
      ([, key, name]) => [name!, key!] as const,
    ),
  ),
);

/** The exit codes that errors of this class may have: its own, or those of its parent. */
export function exitCodesOf(each: ErrorClass): number[] {
  // The same rule as in ConstraintError, which decides by PostgreSQL's code for such a constraint.
  const constraint = constraints.get(each.name);
  if (constraint) return [constraint.endsWith('_fkey') ? exitCodes.notFound : exitCodes.usage];
  const own = [...each.body.matchAll(/\bexitCodes\.(\w+)/g)].map(
    ([, name]) => exitCodes[name as keyof typeof exitCodes],
  );
  return own.length > 0 ? [...new Set(own)].toSorted() : exitCodesOf(parentOf(each)!);
}

/** Whether the same call can succeed later without a change by a person; `some` if only some errors of the class say so. */
export function retryableOf(each: ErrorClass): 'yes' | 'no' | 'some' {
  if (constraints.has(each.name)) return 'no';
  const [, value, type] =
    /\breadonly retryable(?:: boolean)?(?: = (true|false))?(;)/.exec(each.body) ?? [];
  if (type === undefined) return retryableOf(parentOf(each)!);
  return value === undefined ? 'some' : value === 'true' ? 'yes' : 'no';
}

/** Whether the constructor of the class takes what, why and hint, as that of the root does. */
export const takesExplanation = (each: ErrorClass): boolean =>
  each.name === rootName ||
  (!each.body.includes('constructor(') && takesExplanation(parentOf(each)!));

/** The files that make such an error: by `new`, or by a table that says which class an answer of a server becomes. */
export function makersOf({ name, file }: ErrorClass): string[] {
  const makes = new RegExp(String.raw`\bnew ${name}\b|[?:] ${name}(?:[,;]| :)`);
  const found = [...sources]
    .filter(([, text]) => text.includes(name) && makes.test(text))
    .map(([path]) => path);
  return found.length > 0 ? found : [file];
}
