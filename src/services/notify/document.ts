/** Reads the document of the setting `notifications` as a person writes it, and says where it is wrong and why. */
import type { Db } from '../../database/connect.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { secretRows } from '../../data/secrets/rows.ts';
import { UsageError } from '../../ground/errors.ts';
import { literalCredentials } from '../../ground/secrets/literal-credentials.ts';
import {
  brokenReferenceIn,
  secretsNamedIn,
  textsIn,
} from '../../ground/secrets/secret-reference.ts';
import { printable } from '../../ground/text.ts';
import {
  notifications,
  unknownChannels,
  type Notifications,
} from '../../notify/settings/schema.ts';
import { quietWarnings } from '../../policy/quiet-warnings.ts';
import { issueWithPlace, placeInWords, writtenPath } from '../../policy/issue-words.ts';
import { readYaml } from '../../playbook/yaml.ts';
import { unknownBots } from '../references/named.ts';

export interface CheckedDocument {
  /** as it was written, and is stored */
  document: object;
  settings: Notifications;
  /** what the person may not have meant, although the document can be used */
  warnings: string[];
}

const maxProblems = 20;

/** `place` names where the text is from. Throws {@link UsageError} with each mistake and its line. */
export async function checkDocument(
  db: Db,
  { text, place }: { text: string; place: string },
): Promise<CheckedDocument> {
  const yaml = readYaml(text);
  const read = yaml.problems.length === 0 ? notifications.safeParse(yaml.value) : null;
  const problems = [
    ...yaml.problems,
    ...unknownChannelIssues(yaml.value, read?.error?.issues ?? []).map(({ path, message }) => ({
      ...yaml.placeAt(path),
      message: [placeInWords(path), message].join(': '),
    })),
    ...(read?.error?.issues ?? []).map((issue) => ({
      ...yaml.placeAt(
        writtenPath(issue.path, yaml.value),
        'keys' in issue ? issue.keys[0] : undefined,
      ),
      message: issueWithPlace(issue, yaml.value),
    })),
    ...textsIn(yaml.value).flatMap(({ path, text: each }) => {
      const broken = brokenReferenceIn(each);
      return broken === null
        ? []
        : [
            {
              ...yaml.placeAt([...path]),
              message: `${path.join('.')}: ${broken} is not a reference to a secret; write it as {{secret:NAME}}`,
            },
          ];
    }),
  ];
  if (problems.length > 0 || !read?.success) {
    const lines = problems
      .toSorted((a, b) => a.line - b.line)
      .slice(0, maxProblems)
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

/**
 * Routes to channels that the document does not have. The schema looks for them only in a document without other mistakes; a
 * mistake that the schema reports at the same place is left out.
 */
const unknownChannelIssues = (
  document: unknown,
  issues: readonly { path: readonly PropertyKey[] }[],
): ReturnType<typeof unknownChannels> =>
  issues.length === 0
    ? []
    : unknownChannels(document).filter(
        ({ path }) => !issues.some((issue) => issue.path.join() === path.join()),
      );

/**
 * Warns of credentials in plain text, secrets that are not stored, channels that no route names, bots that do not exist, and quiet
 * hours of more than a night.
 */
export async function warningsOf(
  db: Db,
  document: object,
  { channels, routes, quiet_hours: quiet }: Notifications,
): Promise<string[]> {
  const named = secretsNamedIn(document);
  const stored = new Set(
    named.length === 0 ? [] : (await secretRows(db, named)).map(({ name }) => name),
  );
  const used = new Set(routes.flatMap(({ to }) => to));
  return [
    ...literalCredentials(document).map(
      ({ path }) =>
        `${path.join('.')}: holds what looks like a credential in plain text: \`npx roundsman secrets set NAME\` stores it, and {{secret:NAME}} takes its place`,
    ),
    ...named
      .filter((name) => !stored.has(name))
      .map((name) => `the secret ${name} is not stored: \`npx roundsman secrets set ${name}\``),
    ...Object.keys(channels)
      .filter((name) => !used.has(name))
      .map((name) => `no route names the channel ${name}: people are told nothing through it`),
    ...(await unknownBots(
      db,
      routes.flatMap(({ when }) => when?.bots ?? []),
      'its route applies once there is',
    )),
    ...(routes.length === 0 ? ['there are no routes: people are told of nothing'] : []),
    ...(routes.length > 0 && routes.every(({ report }) => report)
      ? ['every route is for the morning report: people are not told of tickets']
      : []),
    ...('report' in document && !routes.some(({ report }) => report)
      ? ['report says when the morning report is made, and no route has report: true: none is sent']
      : []),
    ...quietWarnings(quiet, {
      now: await currentTime(db),
      consequence: 'messages about them wait until then',
      always: 'people are never told of them, but for those that become more severe',
    }),
  ];
}
