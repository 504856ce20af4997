/** Reads the bots and remedies that a file of a project exports. */
import { z } from 'zod';
import type { Bot } from '../contract/bot.ts';
import type { Remedy } from '../contract/remedy.ts';

/** A value that a file exports: a bot, a remedy, or neither. */
export type Item =
  | { kind: 'bot'; bot: Bot }
  | { kind: 'remedy'; remedy: Remedy }
  | { kind: 'wrong'; what: 'bot' | 'remedy'; why: string };

const aFunction = z.custom<(...args: any[]) => unknown>(
  (value) => typeof value === 'function',
  'has to be a function',
);
const aSchema = z.custom<z.ZodType>(
  (value) => typeof (value as { safeParse?: unknown } | undefined)?.safeParse === 'function',
  'has to be a schema, such as z.strictObject({})',
);
const text = z.string('has to be a text').min(1, 'may not be empty');

const check = z.looseObject({ name: text, title: text, run: aFunction });
const knowledge = z.looseObject({
  name: text,
  category: text,
  pattern: text,
  solution: text,
  autonomy: z.enum(['shadow', 'suggest', 'auto'], "has to be 'shadow', 'suggest' or 'auto'"),
});
const botShape = z.looseObject({
  name: text,
  displayName: text,
  description: text,
  schedule: text,
  config: aSchema,
  checks: z.array(check, 'has to be a list of checks').min(1, 'has no check'),
  knowledge: z.array(knowledge, 'has to be a list of entries').optional(),
});
const risk = z.union(
  [z.enum(['safe', 'reversible', 'irreversible']), aFunction],
  "has to be 'safe', 'reversible', 'irreversible' or a function",
);
const remedyShape = z.looseObject({
  name: text.regex(
    /^[a-z0-9][a-z0-9.-]{0,99}$/,
    'has to be up to 100 lower-case letters, digits, dots and hyphens, such as session.end',
  ),
  title: text,
  risk,
  params: aSchema,
  isDone: aFunction,
  apply: aFunction,
});

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** What the first issue says, with the field before it. */
function inWords(value: unknown, { issues: [issue] }: z.ZodError): string {
  const path = issue!.path.map(String);
  const found = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), value);
  return `${path.join('.')} ${found === undefined ? 'is missing' : issue!.message}`;
}

/** What a file's export is; null for a value that is neither meant as a bot nor as a remedy. */
function itemOf(value: unknown): Item | null {
  if (!isObject(value) || Array.isArray(value)) return null;
  if ('checks' in value) {
    const read = botShape.safeParse(value);
    return read.success
      ? { kind: 'bot', bot: value as unknown as Bot }
      : { kind: 'wrong', what: 'bot', why: inWords(value, read.error) };
  }
  if ('apply' in value) {
    const read = remedyShape.safeParse(value);
    return read.success
      ? { kind: 'remedy', remedy: value as unknown as Remedy }
      : { kind: 'wrong', what: 'remedy', why: inWords(value, read.error) };
  }
  return null;
}

/**
 * The bots and remedies among the exports of a file, each with the name of its export: single ones, and those in a list. A value that
 * is exported under two names counts once. Other values are no concern of the catalogue.
 */
export function itemsIn(exported: Record<string, unknown>): { item: Item; as: string }[] {
  const seen = new Set<unknown>();
  return Object.entries(exported).flatMap(([as, value]) =>
    (Array.isArray(value) ? value : [value]).flatMap((each) => {
      if (seen.has(each)) return [];
      seen.add(each);
      const item = itemOf(each);
      return item ? [{ item, as }] : [];
    }),
  );
}
