/** Finds text in a solution that looks like a credential in plain text. */
import { credentialsIn, literalCredentials } from '../ground/secrets/literal-credentials.ts';
import { isPlaybook } from './read.ts';
import { readYaml, type Problem } from './yaml.ts';

export interface Warning extends Problem {
  /** a name under which the credential could be stored */
  name: string;
}

const maxWarnings = 20;

/** The warnings about a solution; none of them repeats the credential. `entry` is the name of the entry of knowledge. */
export function warnOfCredentials(entry: string, solution: string): Warning[] {
  const read = isPlaybook(solution) ? readYaml(solution) : null;
  const found =
    read === null || read.problems.length > 0
      ? credentialsIn(solution).map(({ from }) => ({ ...placeOf(solution, from), path: [] }))
      : literalCredentials(read.value).map(({ path }) => ({ ...read.placeAt([...path]), path }));
  return found.slice(0, maxWarnings).map(({ path, ...place }) => {
    const field = path.at(-1);
    const name = nameFrom(`${entry}_${typeof field === 'string' ? field : 'secret'}`);
    const label = path.length > 0 ? path.map(String).join('.') : 'this text';
    return {
      ...place,
      name,
      message: `${label}: contains what looks like a credential in plain text: \`npx roundsman secrets set ${name}\` stores it, and {{secret:${name}}} takes its place`,
    };
  });
}

const nameFrom = (text: string): string =>
  text
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replace(/^[^A-Z]+/, '')
    .slice(0, 100) || 'SECRET';

function placeOf(text: string, at: number): Pick<Problem, 'line' | 'column'> {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
