/** Reads fields of documents that may be anything, and bounds what it takes from them. */
import { createHash } from 'node:crypto';
import type { Severity } from '../../ground/severity.ts';
import { fitting, storable } from '../../ground/text.ts';
import { UnreadableError } from './kind.ts';

export type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a path of own properties, such as `data.issue.id`; undefined where there is none. */
export function at(value: unknown, path: string): unknown {
  let current = value;
  for (const name of path.split('.')) {
    if (!isFields(current) || !Object.hasOwn(current, name)) return undefined;
    current = current[name];
  }
  return current;
}

/** A text or a number as text, if it is not empty; null else. */
export function textAt(value: unknown, path: string): string | null {
  const found = at(value, path);
  if (typeof found === 'number' && Number.isFinite(found)) return String(found);
  return typeof found === 'string' && found.trim() !== '' ? storable(found) : null;
}

/** The first of several paths at which there is a text. */
export function firstText(value: unknown, ...paths: string[]): string | null {
  for (const path of paths) {
    const text = textAt(value, path);
    if (text !== null) return text;
  }
  return null;
}

/** The same; throws {@link UnreadableError} where there is none. */
export function needText(value: unknown, path: string): string {
  const text = textAt(value, path);
  if (text === null) throw new UnreadableError(`${path} is missing, or is no text`);
  return text;
}

export function needFields(value: unknown, path: string): Fields {
  const found = path === '' ? value : at(value, path);
  if (!isFields(found)) throw new UnreadableError(`${path || 'the document'} is no object`);
  return found;
}

export function needList(value: unknown, path: string): readonly unknown[] {
  const found = at(value, path);
  if (!Array.isArray(found)) throw new UnreadableError(`${path} is no list`);
  return found;
}

/** An ISO time, or a number of seconds or milliseconds since 1970; null where it is none, or Go's zero time. */
export function timeAt(value: unknown, path: string): Date | null {
  const found = at(value, path);
  if (typeof found !== 'string' && typeof found !== 'number') return null;
  const number =
    typeof found === 'number' ? found : /^\d{9,13}(\.\d+)?$/.test(found) ? Number(found) : null;
  const time = new Date(number === null ? found : number < 1e11 ? number * 1_000 : number);
  const year = time.getUTCFullYear();
  return year >= 2000 && year < 2200 ? time : null;
}

/** A web address of at most 500 characters; null for everything else, such as `javascript:`. */
export function linkIn(text: string | null): string | null {
  if (text === null || text.length > 500 || !URL.canParse(text)) return null;
  return /^https?:\/\/[\x21-\x7e]+$/i.test(text) ? text : null;
}

const words: ReadonlyMap<string, Severity> = new Map(
  (
    [
      ['critical', 'critical fatal emergency disaster page p1 sev1 s1 crit'],
      ['high', 'high error major p2 sev2 s2'],
      ['medium', 'medium warning warn moderate average p3 sev3 s3'],
      ['low', 'low minor p4 sev4 s4'],
      ['info', 'info information informational notice none debug p5 ok'],
    ] as const
  ).flatMap(([severity, names]) => names.split(' ').map((name) => [name, severity] as const)),
);

/** The severity that a sender's word means; null for an unknown word. */
export const severityIn = (word: string | null): Severity | null =>
  (word !== null && words.get(word.trim().toLowerCase())) || null;

/**
 * How many characters of a sender's key are kept as they are; a longer one is named by its hash, because a cut one could be another's. The
 * mark says where it was cut: redaction knows a shorter part of a secret there.
 */
const maxKey = 300;

export const boundedKey = (key: string): string =>
  key.length <= maxKey
    ? key
    : `${key.slice(0, 100)}… sha256:${createHash('sha256').update(key).digest('hex')}`;

/** One line: also NEL (U+0085) ends a line of a message, and is no blank in a regular expression. */
export const title = (text: string): string =>
  fitting(oneLine(text.replaceAll('\u0085', ' ')), 200);
export const description = (text: string | null): string | null =>
  text === null ? null : fitting(storable(text), 2_000);
/** The same text for the same component: it is a part of what identifies a finding. */
export const component = (text: string): string => fitting(oneLine(text), 100);
export const word = (text: string): string => fitting(oneLine(text), 100);

const oneLine = (text: string): string => storable(text).replace(/\s+/g, ' ').trim() || '-';
