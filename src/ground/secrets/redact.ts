/** Removes secrets from texts and values, in whatever form they stand there. */
import { matchParts } from './encoded.ts';
import { encodedIndex } from './encoded-index.ts';
import { formsOf, type Form, type Secret } from './secret-forms.ts';
import { beginsWord, endsWord } from '../word-ends.ts';

export { passwordsIn } from './secret-forms.ts';

/** The known secrets, and functions that remove them from texts and values. */
export interface Redaction {
  /**
   * Adds secrets, which are redacted from now on. No secret is ever removed from this list, because texts with an old
   * value may still appear.
   */
  learn(secrets: readonly Secret[]): void;
  /** Replaces the secrets in a text, and large parts of them. */
  text(text: string): string;
  /** Replaces them in every string of a JSON value, including property names; numbers and structure stay. */
  value(value: unknown): unknown;
  /**
   * Replaces only whole secrets in every string of a JSON value: for values that identify something, which may have a part
   * in common with a secret.
   */
  whole(value: unknown): unknown;
}

/**
 * How many characters of a secret are redacted like the whole: anywhere in a text half of them, but 8 at least and 40 at
 * most; where the text was cut off, fewer.
 */
const minPart = (length: number): number => Math.max(8, Math.min(40, Math.ceil(length / 2)));
const minPartAtCut = (length: number): number => Math.max(4, Math.min(12, Math.ceil(length / 4)));
const cutMark = /…|\.{3,}/g;

/** A text shorter than this was not cut off, unless it contains a mark of a cut. */
const minCutLength = 100;

interface Cuts {
  /** places where the text goes on after a cut */
  after: Set<number>;
  /** places where the text breaks off */
  before: Set<number>;
}

function cutsOf(text: string): Cuts {
  const after = new Set<number>();
  const before = new Set<number>();
  for (const { 0: mark, index } of text.matchAll(cutMark)) {
    before.add(index);
    if (after.size < maxCuts) after.add(index + mark.length);
  }
  if (text.length >= minCutLength) {
    after.add(0);
    before.add(text.length);
  }
  return { after, before };
}

/** Where this form, or a sufficient part of its beginning, ends in the text; null if it does not begin here. */
function endOf(form: Form, text: string, at: number, cuts: Cuts | null): number | null {
  const { count, end } = matchParts(form, text, at);
  const { length } = form.parts;
  if (form.word && !beginsWord(text, at)) return null;
  if (count === length) return form.word && !endsWord(text, end) ? null : end;
  if (cuts === null) return null;
  if (count < form.common) return null;
  if (count >= minPart(length)) return end;
  return count >= minPartAtCut(length) && cuts.before.has(end) ? end : null;
}

/** The most characters of a secret's end that are compared when its beginning was cut off. */
const maxTail = 1_024;

/** The most cuts of one text that are examined: at each one, all ends of all secrets are compared. */
const maxCuts = 50;

function tailEnd(form: Form, text: string, at: number): number | null {
  const { length } = form.parts;
  const first = text.charAt(at).toLowerCase();
  // These letters and digits only stand for themselves.
  const isPlain = /[a-z0-9]/.test(first);
  const last = length - minPartAtCut(length);
  for (let from = Math.max(1, length - maxTail); from <= last; from += 1) {
    if (isPlain && form.tokens[from]!.toLowerCase() !== first) continue;
    const { count, end } = matchParts(form, text, at, from);
    if (count === length - from && !(form.word && !endsWord(text, end))) return end;
  }
  return null;
}

/** A secret, or a part of one, in a text; `as` replaces it. */
interface FoundSecret {
  as: string;
  from: number;
  to: number;
}

const base64Character = /[\w+/=%-]/;

/** Widens a found secret to all the base64 around it, except what was redacted before. */
function widen({ as, from: start, to: end }: FoundSecret, text: string, done: number): FoundSecret {
  let [from, to] = [start, end];
  while (from > done && base64Character.test(text[from - 1]!)) from -= 1;
  while (to < text.length && base64Character.test(text[to]!)) to += 1;
  return { as, from, to };
}

/** Opens a redaction that knows these secrets; `know` adds others. */
export function openRedaction(secrets: readonly Secret[] = []): Redaction {
  const known = new Set<string>();
  const index = encodedIndex<Form>();
  const forms: Form[] = [];

  /** The longest part of a secret that begins here, or continues here after a cut. */
  function longestAt(
    text: string,
    at: number,
    done: number,
    cuts: Cuts | null,
  ): FoundSecret | null {
    const begun = index
      .startingAt(text, at, cuts?.before)
      .map((form) => ({ form, end: endOf(form, text, at, cuts) }));
    const cutOff = cuts?.after.has(at)
      ? forms.map((form) => ({ form, end: tailEnd(form, text, at) }))
      : [];
    let best: FoundSecret | null = null;
    let isBase64 = false;
    for (const { form, end } of [...begun, ...cutOff]) {
      if (end === null || (best !== null && end <= best.to)) continue;
      best = { as: form.as, from: at, to: end };
      isBase64 = form.base64;
    }
    return best !== null && isBase64 ? widen(best, text, done) : best;
  }

  function redact(text: string, cuts: Cuts | null): string {
    const parts: string[] = [];
    let done = 0;
    for (let at = 0; at < text.length; at += 1) {
      const found = longestAt(text, at, done, cuts);
      if (!found) continue;
      parts.push(text.slice(done, found.from), found.as);
      done = found.to;
      at = done - 1;
    }
    return parts.length === 0 ? text : parts.join('') + text.slice(done);
  }

  const redaction: Redaction = {
    learn(given) {
      for (const secret of given) {
        const key = JSON.stringify([secret.value, secret.as]);
        if (secret.value === '' || known.has(key)) continue;
        known.add(key);
        for (const form of formsOf(secret)) {
          forms.push(form);
          index.add(form);
        }
      }
    },
    text: (text) => (forms.length === 0 ? text : redact(text, cutsOf(text))),
    value: (value) => (forms.length === 0 ? value : inTexts(value, redaction.text)),
    whole: (value) => (forms.length === 0 ? value : inTexts(value, (text) => redact(text, null))),
  };
  redaction.learn(secrets);
  return redaction;
}

/**
 * Copies a value with every text changed. Each object is copied only once (`copies`), so that an object that contains itself
 * also does so in the copy.
 */
function inTexts(
  value: unknown,
  change: (text: string) => string,
  copies: Map<object, unknown> = new Map(),
): unknown {
  if (typeof value === 'string') return change(value);
  // A value that is not a plain object or a list, for example a time, stays as it is.
  if (!Array.isArray(value) && !isRecord(value)) return value;
  const before = copies.get(value);
  if (before !== undefined) return before;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    copies.set(value, list);
    for (const each of value) list.push(inTexts(each, change, copies));
    return list;
  }
  const record = {};
  copies.set(value, record);
  for (const [name, each] of Object.entries(value))
    Object.defineProperty(record, change(name), {
      value: inTexts(each, change, copies),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  return record;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
