/** Removes secrets from texts and values, in whatever form they stand there. */
import { walk } from './encoded.ts';
import { encodedIndex } from './encoded-index.ts';
import { formsOf, type Form, type Secret } from './secret-forms.ts';
import { beginsWord, endsWord } from '../word-ends.ts';

export { passwordsIn } from './secret-forms.ts';

/** The known secrets, and functions that remove them from texts and values. */
export interface Redaction {
  /**
   * From now on these secrets are redacted too. Known secrets stay known: a value that was replaced may come back.
   */
  know(secrets: readonly Secret[]): void;
  text(text: string): string;
  /** The same in every string of a JSON value, including property names; numbers and structure stay. */
  value(value: unknown): unknown;
  /**
   * The same, but only whole secrets are replaced: for values that identify something, which may have a part in
   * common with a secret.
   */
  whole(value: unknown): unknown;
}

/**
 * How large a part of a secret is redacted like the whole: half of it, or a long part, anywhere in a text; where the
 * text was cut off, a smaller part.
 */
const enough = (length: number): number => Math.max(8, Math.min(40, Math.ceil(length / 2)));
const enoughAtCut = (length: number): number => Math.max(4, Math.min(12, Math.ceil(length / 4)));
const cut = /…|\.{3,}/g;

/** A text shorter than this was not cut off, unless it contains a mark of a cut. */
const shortestCut = 100;

interface Cuts {
  /** places where the text goes on after a cut */
  behind: Set<number>;
  /** places where the text breaks off */
  before: Set<number>;
}

function cutsOf(text: string): Cuts {
  const behind = new Set<number>();
  const before = new Set<number>();
  for (const { 0: mark, index } of text.matchAll(cut)) {
    before.add(index);
    if (behind.size < maxCuts) behind.add(index + mark.length);
  }
  if (text.length >= shortestCut) {
    behind.add(0);
    before.add(text.length);
  }
  return { behind, before };
}

/** Where this form, or enough of its beginning, ends in the text; null if it does not begin here. */
function endOf(form: Form, text: string, at: number, cuts: Cuts | null): number | null {
  const { count, end } = walk(form, text, at);
  const { length } = form.parts;
  if (form.word && !beginsWord(text, at)) return null;
  if (count === length) return form.word && !endsWord(text, end) ? null : end;
  if (cuts === null) return null;
  if (count < form.common) return null;
  if (count >= enough(length)) return end;
  return count >= enoughAtCut(length) && cuts.before.has(end) ? end : null;
}

/** How much of a secret's end is compared when its beginning was cut off. */
const longestTail = 1_024;

/** The most cuts of one text that are examined: at each one, all ends of all secrets are compared. */
const maxCuts = 50;

function tailEnd(form: Form, text: string, at: number): number | null {
  const { length } = form.parts;
  const first = text.charAt(at).toLowerCase();
  // These letters and digits only stand for themselves.
  const isPlain = /[a-z0-9]/.test(first);
  const last = length - enoughAtCut(length);
  for (let from = Math.max(1, length - longestTail); from <= last; from += 1) {
    if (isPlain && form.tokens[from]!.toLowerCase() !== first) continue;
    const { count, end } = walk(form, text, at, from);
    if (count === length - from && !(form.word && !endsWord(text, end))) return end;
  }
  return null;
}

interface Stretch {
  as: string;
  from: number;
  to: number;
}

const ofBase64 = /[\w+/=%-]/;

/** Widens a stretch to all the base64 around it, except what was redacted before. */
function widen({ as, from: start, to: end }: Stretch, text: string, done: number): Stretch {
  let [from, to] = [start, end];
  while (from > done && ofBase64.test(text[from - 1]!)) from -= 1;
  while (to < text.length && ofBase64.test(text[to]!)) to += 1;
  return { as, from, to };
}

/** Only `secrets` are known at first. */
export function openRedaction(secrets: readonly Secret[] = []): Redaction {
  const known = new Set<string>();
  const index = encodedIndex<Form>();
  const forms: Form[] = [];

  /** The longest stretch of a secret that begins here, or continues here after a cut. */
  function longestAt(text: string, at: number, done: number, cuts: Cuts | null): Stretch | null {
    const begun = index
      .startingAt(text, at, cuts?.before)
      .map((form) => ({ form, end: endOf(form, text, at, cuts) }));
    const cutOff = cuts?.behind.has(at)
      ? forms.map((form) => ({ form, end: tailEnd(form, text, at) }))
      : [];
    let best: Stretch | null = null;
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
    know(given) {
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
  redaction.know(secrets);
  return redaction;
}

/** Each object is copied once, so that an object that contains itself does so in the result. */
function inTexts(
  value: unknown,
  change: (text: string) => string,
  made: Map<object, unknown> = new Map(),
): unknown {
  if (typeof value === 'string') return change(value);
  // A value that is no plain object or list, for example a time, stays as it is.
  if (!Array.isArray(value) && !isRecord(value)) return value;
  const before = made.get(value);
  if (before !== undefined) return before;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    made.set(value, list);
    for (const each of value) list.push(inTexts(each, change, made));
    return list;
  }
  const record = {};
  made.set(value, record);
  for (const [name, each] of Object.entries(value))
    Object.defineProperty(record, change(name), {
      value: inTexts(each, change, made),
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
