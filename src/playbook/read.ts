import { z } from 'zod';
import type { Remedy, Risk } from '../contract/remedy.ts';
import { UsageError } from '../ground/errors.ts';
import { askedIfMeant, nearest } from '../ground/nearest.ts';
import { brokenReferenceIn, secretsNamedIn, textsIn } from '../ground/secrets/secret-reference.ts';
import { secondsOf, playbookShape } from './shape.ts';
import { schemaInWords, type JsonSchema } from './schema-words.ts';
import { readYaml, type Problem, type YamlText } from './yaml.ts';

/** One step of a playbook: the next step is tried only if the check still fails after this one. */
export interface Step {
  /** with the risk for these parameters */
  remedy: Omit<Remedy, 'risk'> & { risk: Risk };
  /** the parameters after parsing by the remedy's schema */
  params: unknown;
  /** how long after the application the check runs again, in seconds; null for at once */
  verifyAfter: number | null;
}

/** Where the remedies of a playbook come from. */
export interface Remedies {
  remedy(name: string): Remedy | undefined;
  readonly remedyNames: readonly string[];
}

/** How many problems of one playbook are reported. */
const maxProblems = 20;

/** A playbook cannot be used; `problems` are all that is wrong with it. */
export class PlaybookError extends UsageError {
  readonly problems: readonly Problem[];

  constructor(all: Problem[]) {
    const problems = all
      .toSorted((a, b) => a.line - b.line || a.column - b.column)
      .slice(0, maxProblems);
    super({
      what: 'the playbook cannot be used',
      why:
        problems.map(({ line, column, message }) => `${line}:${column}: ${message}`).join('; ') +
        (all.length > maxProblems ? `; and ${all.length - maxProblems} more` : ''),
      hint: 'docs/remedies.md says what a playbook may contain; editors can check it by docs/playbook.schema.json',
    });
    this.problems = problems;
  }

  /** `file:line:column: message`, one for each problem. */
  problemsIn(file: string): string[] {
    return this.problems.map(
      ({ line, column, message }) => `${file}:${line}:${column}: ${message}`,
    );
  }
}

/**
 * Whether a solution is meant as a playbook: its first word, after comments and `---`, is `steps:`. Anything else is
 * advice.
 */
export const isPlaybook = (solution: string): boolean =>
  /^\uFEFF?(?:[^\S\n]*(?:#[^\n]*|---[^\S\n]*)?\n)*[^\S\n]*(?:\{\s*)?(["']?)steps\1[^\S\n]*:/.test(
    solution,
  );

/**
 * The steps of a playbook. Its texts stay as they are: references to secrets are not filled in. Throws {@link
 * PlaybookError}.
 */
export function readPlaybook(text: string, remedies: Remedies): Step[] {
  const read = readYaml(text);
  if (read.problems.length > 0) throw new PlaybookError(read.problems);
  const problems: Problem[] = [];
  const parsed = playbookShape.safeParse(read.value);
  if (!parsed.success) problems.push(...problemsOf(parsed.error, read, []));
  const written = (read.value as { steps?: unknown } | null)?.steps;
  const steps = (Array.isArray(written) ? written : []).map((step: unknown, index) =>
    readStep(step, index, read, remedies, problems),
  );
  if (problems.length > 0) throw new PlaybookError(problems);
  return steps as Step[];
}

/**
 * Reads one step. Null when the step cannot run; then the reason is added to `problems`, unless they already have a problem of
 * the step's shape.
 */
function readStep(
  step: unknown,
  index: number,
  read: YamlText,
  remedies: Remedies,
  problems: Problem[],
): Step | null {
  const { remedy: name, with: params, verify_after } = (step ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string') return null;
  const path = ['steps', index];
  const remedy = remedies.remedy(name);
  if (!remedy) {
    const meant = nearest(name, remedies.remedyNames);
    const rest = meant.length > 0 ? askedIfMeant(meant) : knownInWords(remedies);
    problems.push({
      ...read.placeAt([...path, 'remedy']),
      message: `there is no remedy ${JSON.stringify(name.slice(0, 100))}; ${rest}`,
    });
    return null;
  }
  problems.push(...badReferences(params, read, [...path, 'with'], remedy));
  const parsed = remedy.params.safeParse(params ?? {});
  if (!parsed.success) {
    problems.push(...problemsOf(parsed.error, read, [...path, 'with'], remedy));
    return null;
  }
  const risk = typeof remedy.risk === 'function' ? remedy.risk(parsed.data) : remedy.risk;
  return {
    remedy: { ...remedy, risk },
    params: parsed.data,
    verifyAfter: typeof verify_after === 'string' ? secondsOf(verify_after) : null,
  };
}

/** References to secrets that are mistyped, or in a place where no secret may be. */
function badReferences(
  params: unknown,
  read: YamlText,
  base: PropertyKey[],
  remedy: Remedy,
): Problem[] {
  return textsIn(params).flatMap(({ path, text }) => {
    const broken = brokenReferenceIn(text);
    const why =
      broken !== null
        ? `${broken.slice(0, 100)} is not a reference to a secret: write {{secret:NAME}}, the name in capital letters, digits and _, a letter first, 100 at most`
        : !remedy.secrets && secretsNamedIn(text).length > 0
          ? `${remedy.name} takes no secrets: others can read its parameters`
          : null;
    const label = [...base, ...path].map(String).join('.');
    return why === null
      ? []
      : [{ ...read.placeAt([...base, ...path]), message: `${label}: ${why}` }];
  });
}

const knownInWords = ({ remedyNames }: Remedies): string =>
  remedyNames.length > 0 ? `there are ${remedyNames.join(', ')}` : 'there are no remedies';

/** zod's issues as problems, with their places; for parameters also with what the remedy accepts there. */
function problemsOf(
  error: z.ZodError,
  read: YamlText,
  base: PropertyKey[],
  remedy?: Remedy,
): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = [...base, ...issue.path];
    const label = path.map(String).join('.') || 'the playbook';
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        ...read.placeAt(path, key),
        message: `${label}: there is no ${JSON.stringify(key)}${remedy ? acceptedInWords(remedy, issue.path) : ''}`,
      }));
    return [
      {
        ...read.placeAt(path),
        message: `${label}: ${issue.message}${remedy ? acceptedInWords(remedy, issue.path) : ''}`,
      },
    ];
  });
}

/**
 * `; it takes a whole number from 1 to 100`: the meaning of the parameter, or the names of all parameters for an
 * unknown one.
 */
function acceptedInWords(remedy: Remedy, [parameter]: PropertyKey[]): string {
  const { properties = {} } = z.toJSONSchema(remedy.params, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonSchema;
  const schema = parameter === undefined ? undefined : properties[String(parameter)];
  if (schema) {
    const words = schemaInWords(schema);
    return words === null ? '' : `; it takes ${words}`;
  }
  const names = Object.keys(properties);
  return `; ${remedy.name} takes ${names.length > 0 ? names.join(', ') : 'no parameters'}`;
}
