/** Reads a policy: as a person wrote it, with the place of every mistake, and as the database keeps it. */
import type { z } from 'zod';
import { UsageError } from '../ground/errors.ts';
import { didYouMean } from '../ground/nearest.ts';
import { printable } from '../ground/text.ts';
import { readYaml, type Text } from '../playbook/yaml.ts';
import { placeInWords, writtenPath } from './issue-words.ts';
import { shape, type Policy, type PolicyDocument } from './schema.ts';

/** The most mistakes of one policy that are told. */
const mostProblems = 20;

const words: Record<string, readonly string[]> = {
  policy: ['rules', 'quiet_hours'],
  rule: ['name', 'when', 'steps', 'remind_every', 'page_again_after', 'raise_after'],
  when: ['severities', 'categories', 'bots', 'assignees', 'unassigned'],
  step: ['after', 'to'],
  quiet: ['severities', 'from', 'to', 'timezone', 'days'],
};

/** The keys of the map at this path. */
function keysAt(path: PropertyKey[]): readonly string[] {
  if (path[0] === 'quiet_hours') return words.quiet!;
  if (path.includes('steps')) return words.step!;
  if (path.includes('when')) return words.when!;
  return path.length === 0 ? words.policy! : words.rule!;
}

function messagesOf(issue: z.core.$ZodIssue, read: Text): { line: number; text: string }[] {
  const path = writtenPath(issue.path, read.value);
  const place = placeInWords(path) || 'the policy';
  const told = (at: { line: number; column: number }, message: string) => ({
    line: at.line * 10_000 + at.column,
    text: `${at.line}:${at.column}: ${place}: ${message}`,
  });
  if (issue.code !== 'unrecognized_keys') {
    // A message of zod's own names types that no document has.
    const missing = issue.input === undefined && !issue.message.startsWith('has to');
    return [told(read.at(path), missing ? 'is missing' : issue.message)];
  }
  return issue.keys.map((key) =>
    told(
      read.at(path, key),
      `there is no ${JSON.stringify(printable(key.slice(0, 100)))}; ${didYouMean(key, keysAt(path), `there are ${keysAt(path).join(', ')}`)}`,
    ),
  );
}

export interface ReadPolicy {
  /** as it was written, to be kept */
  document: PolicyDocument;
  policy: Policy;
}

/** `place` is where the text comes from: a file, standard input. Throws UsageError, which says where each mistake is. */
export function readPolicy(text: string, place: string): ReadPolicy {
  const read = readYaml(text);
  const refuse = (found: string[]) => {
    const reasons = found.slice(0, mostProblems).map((each) => `${printable(place)}:${each}`);
    if (found.length > mostProblems) reasons.push(`and ${found.length - mostProblems} more`);
    return new UsageError({
      what: 'the policy cannot be used',
      why: reasons.join('; '),
      reasons,
      hint: 'docs/escalation.md says what a policy may contain; `npx roundsman policy show` prints the one in force',
    });
  };
  if (read.problems.length > 0)
    throw refuse(read.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`));
  const parsed = shape.safeParse(read.value, { reportInput: true });
  if (parsed.success) return { document: read.value as PolicyDocument, policy: parsed.data };
  const messages = parsed.error.issues.flatMap((issue) => messagesOf(issue, read));
  throw refuse(messages.toSorted((a, b) => a.line - b.line).map(({ text }) => text));
}

/** A policy that the database keeps; null where it is none, as after an edit by hand. */
export function keptPolicy(document: unknown): Policy | null {
  const parsed = shape.safeParse(document);
  return parsed.success ? parsed.data : null;
}
