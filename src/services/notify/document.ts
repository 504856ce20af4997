/** Reads the document of the setting `notifications` as a person writes it, and says what is wrong with it and where. */
import type { Db } from '../../database/connect.ts';
import { secretRows } from '../../data/secrets/rows.ts';
import { UsageError } from '../../ground/errors.ts';
import { literalCredentials } from '../../ground/secrets/literal-credentials.ts';
import {
  brokenReferenceIn,
  secretsNamedIn,
  textsIn,
} from '../../ground/secrets/secret-reference.ts';
import { printable } from '../../ground/text.ts';
import { notifications, type Notifications } from '../../notify/settings/schema.ts';
import { issueInWords, placeInWords, writtenPath } from '../../policy/issue-words.ts';
import { readYaml } from '../../playbook/yaml.ts';

export interface CheckedDocument {
  /** as it is stored: as it was written */
  document: object;
  settings: Notifications;
  /** what a person should know of a document that can be used */
  warnings: string[];
}

const mostProblems = 20;

/** `place` names where the text is from. Throws {@link UsageError} with each mistake and its line. */
export async function checkDocument(
  db: Db,
  { text, place }: { text: string; place: string },
): Promise<CheckedDocument> {
  const yaml = readYaml(text);
  const read = yaml.problems.length === 0 ? notifications.safeParse(yaml.value) : null;
  const problems = [
    ...yaml.problems,
    ...(read?.error?.issues ?? []).map((issue) => {
      const path = writtenPath(issue.path, yaml.value);
      return {
        ...yaml.at(path, 'keys' in issue ? issue.keys[0] : undefined),
        message: [placeInWords(path), issueInWords(issue)].filter(Boolean).join(': '),
      };
    }),
    ...textsIn(yaml.value).flatMap(({ path, text: each }) => {
      const broken = brokenReferenceIn(each);
      return broken === null
        ? []
        : [
            {
              ...yaml.at([...path]),
              message: `${path.join('.')}: ${broken} is no reference to a secret; write it as {{secret:NAME}}`,
            },
          ];
    }),
  ];
  if (problems.length > 0 || !read?.success) {
    const lines = problems
      .toSorted((a, b) => a.line - b.line)
      .slice(0, mostProblems)
      .map(({ line, column, message }) => printable(`${place}:${line}:${column} ${message}`));
    throw new UsageError({
      what: 'the notifications cannot be used',
      why: lines.join('; '),
      reasons: lines,
      hint: 'docs/notifications.md shows a document; `npx roundsman notify check FILE` checks one and changes nothing',
    });
  }
  const document = yaml.value as object;
  return { document, settings: read.data, warnings: await warningsOf(db, document, read.data) };
}

/** Credentials in clear, secrets that are not stored, and channels that no route names. */
export async function warningsOf(
  db: Db,
  document: object,
  { channels, routes }: Notifications,
): Promise<string[]> {
  const named = secretsNamedIn(document);
  const stored = new Set(
    named.length === 0 ? [] : (await secretRows(db, named)).map(({ name }) => name),
  );
  const used = new Set(routes.flatMap(({ to }) => to));
  return [
    ...literalCredentials(document).map(
      ({ path }) =>
        `${path.join('.')}: holds what looks like a credential, in clear: \`npx roundsman secrets set NAME\` stores it, and {{secret:NAME}} takes its place`,
    ),
    ...named
      .filter((name) => !stored.has(name))
      .map((name) => `the secret ${name} is not stored: \`npx roundsman secrets set ${name}\``),
    ...Object.keys(channels)
      .filter((name) => !used.has(name))
      .map((name) => `no route names the channel ${name}: people are told nothing through it`),
    ...(routes.length === 0 ? ['there are no routes: people are told of nothing'] : []),
  ];
}
