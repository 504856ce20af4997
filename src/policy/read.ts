/** Reads a policy as a person wrote it, with the place of every mistake. */
import type { z } from 'zod';
import { UsageError } from '../ground/errors.ts';
import { didYouMean } from '../ground/nearest.ts';
import { printable } from '../ground/text.ts';
import { readYaml, type YamlText } from '../playbook/yaml.ts';
import { issueInWords, noSuchKey } from '../ground/documents/issue-words.ts';
import { placeInWords, writtenPath } from './issue-words.ts';
import { policySchema, type Policy, type PolicyDocument } from './schema.ts';

/** How many mistakes of one policy its error lists. */
const maxProblems = 20;

const knownKeys: Record<string, readonly string[]> = {
  policy: ['rules', 'quiet_hours'],
  rule: ['name', 'when', 'steps', 'remind_every', 'page_again_after', 'raise_after'],
  when: ['severities', 'categories', 'bots', 'assignees', 'unassigned'],
  step: ['after', 'to'],
  quiet: ['severities', 'from', 'to', 'timezone', 'days'],
};

/** The keys of the map at this path. */
function keysAt(path: PropertyKey[]): readonly string[] {
  if (path[0] === 'quiet_hours') return knownKeys.quiet!;
  if (path.includes('steps')) return knownKeys.step!;
  if (path.includes('when')) return knownKeys.when!;
  return path.length === 0 ? knownKeys.policy! : knownKeys.rule!;
}

function messagesOf(issue: z.core.$ZodIssue, read: YamlText): { position: number; text: string }[] {
  const path = writtenPath(issue.path, read.value);
  const place = placeInWords(path) || 'the policy';
  const messageAt = (at: { line: number; column: number }, message: string) => ({
    position: at.line * 10_000 + at.column,
    text: `${at.line}:${at.column}: ${place}: ${message}`,
  });
  if (issue.code !== 'unrecognized_keys')
    return [messageAt(read.placeAt(path), issueInWords(issue))];
  return issue.keys.map((key) =>
    messageAt(
      read.placeAt(path, key),
      `${noSuchKey(key)}; ${didYouMean(key, keysAt(path), `there are ${keysAt(path).join(', ')}`)}`,
    ),
  );
}

export interface ReadPolicy {
  /** as it was written, to be stored */
  document: PolicyDocument;
  policy: Policy;
}

/** `place` is where the text comes from: a file, standard input. Throws UsageError, which says where each mistake is. */
export function readPolicy(text: string, place: string): ReadPolicy {
  const read = readYaml(text);
  const errorOf = (found: string[]) => {
    const reasons = found.slice(0, maxProblems).map((each) => `${printable(place)}:${each}`);
    if (found.length > maxProblems) reasons.push(`and ${found.length - maxProblems} more`);
    return new UsageError({
      what: 'the policy cannot be used',
      why: reasons.join('; '),
      reasons,
      hint: 'docs/escalation.md says what a policy may contain; `npx roundsman policy show` prints the one in force',
    });
  };
  if (read.problems.length > 0)
    throw errorOf(
      read.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`),
    );
  const parsed = policySchema.safeParse(read.value);
  if (parsed.success) return { document: read.value as PolicyDocument, policy: parsed.data };
  const messages = parsed.error.issues.flatMap((issue) => messagesOf(issue, read));
  throw errorOf(messages.toSorted((a, b) => a.position - b.position).map(({ text }) => text));
}
