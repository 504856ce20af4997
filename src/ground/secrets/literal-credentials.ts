/**
 * Finds what looks like a credential in plain text, in a text or in parameters, where the name of a secret belongs.
 */
import { redacted } from './secret-forms.ts';
import { secretsNamedIn, textsIn } from './secret-reference.ts';

/** Names of headers, parameters and fields whose value grants access. */
const credentialName =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie2?|auth|pass|pwd|.*(?:api[-_]?key|access[-_]?key|private[-_]?key|account[-_]?key|auth[-_]?(?:key|token)|token|secret|passw(?:or)?d|passphrase|credentials?|signature|session[-_]?id|webhook))$/i;

/** `{{secret:NAME}}` stands for a secret that was taken out already, and says which. */
const names =
  '(?<![\\w-])(?!(?<=\\{\\{)secret:[A-Z][A-Z0-9_]*\\}\\})((?:[\\w-]*(?:api[-_]?key|access[-_]?key|private[-_]?key|auth[-_]?(?:key|token)|token|secret|passw(?:or)?d|passphrase|credential|signature)|authorization|cookie|pwd|sig))';
const schemes = '(?:(?:Bearer|Basic|Token|ApiKey)\\s+)?';

/** A name of this kind with its value in a text: `"token": "..."` in JSON, also in nested JSON; `X-Api-Key: ...`. */
const assignments = [
  new RegExp(`${names}(\\\\*["']\\s*[=:]\\s*\\\\*["'])(${schemes}[^"'\\\\{}]+)`, 'gi'),
  new RegExp(`${names}(\\\\*["']?\\s*[=:]\\s*\\\\*["']?)(${schemes}[^\\s"'\\\\&,;{}<>]+)`, 'gi'),
];

const scheme = /^(?:Bearer|Basic|Token|ApiKey|Digest)\s+/i;

/** The forms in which issuers write their credentials. */
const issued = [
  /\b(?:gh[opsur]_\w{16,}|github_pat_\w{20,}|glpat-[\w-]{16,}|npm_\w{20,}|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|whsec_[\w+/=-]{16,}|(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[\w-]{16,}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{30,}|SG\.[\w-]{16,}\.[\w-]{16,})/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g,
];

/** Credentials where they stand: after a scheme, before a host, in an address that is one, and keys in PEM. */
const placed = [
  /(?<=\b(?:Bearer|Basic|ApiKey)\s+)[\w+/=.~-]{8,}/gi,
  /(?<=:\/\/[^\s/?#@:]{0,100}:)[^\s/?#@{}]{1,200}(?=@)/g,
  /(?<=hooks\.slack\.com\/services\/)[\w/]{16,}/g,
  /(?<=discord(?:app)?\.com\/api\/webhooks\/\d+\/)[\w-]{20,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

/** The beginnings of credentials where a text was cut off in the middle of one. */
const cutOff = [
  /\b(?:gh[opsur]_|github_pat_|glpat-|npm_|xox[a-z]-|xapp-|whsec_|(?:sk|pk|rk)[-_]|A[KS]IA|AIza|SG\.|eyJ)[\w.+/=-]*(?=…)/g,
  /(?<=\b(?:Bearer|Basic|ApiKey)\s+)[\w+/=.~-]+(?=…)/gi,
  /(?<=:\/\/[^\s/?#@:]{0,100}:)[^\s/?#@{}]{1,200}(?=…)/g,
];

/** A long run of characters that may be a credential; digests of images and files (sha256:...) are left out. */
const longRun = /(?<![\w+/=.-]|sha\d+:)[\w+/=-]{24,}(?![\w+/=-])/g;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Shannon's entropy of a text, in bits per character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()]
    .map((count) => (count / text.length) * Math.log2(text.length / count))
    .reduce((sum, each) => sum + each, 0);
}

/** Whether a long run looks random: it mixes letters and digits, and is not a word of a language, a path or a UUID. */
const isRandom = (text: string): boolean =>
  /[a-z]/i.test(text) &&
  (text.match(/\d/g)?.length ?? 0) >= 3 &&
  !/[a-z]{8,}/.test(text) &&
  !text.startsWith('/') &&
  !uuid.test(text) &&
  entropy(text) >= 3.3;

/** Whether this is a value and not a word of a sentence: after a colon, prose may go on, as in `password: required`. */
const isValue = (separator: string, value: string): boolean =>
  value.length >= 4 &&
  (separator.includes('=') || /["']/.test(separator) || /\d|.{16}/.test(value));

interface TextSpan {
  from: number;
  to: number;
}

/** The places of credentials in a text, in order and without overlap. */
export function credentialsIn(text: string): TextSpan[] {
  const spans = [
    ...named(text),
    ...[...issued, ...placed].flatMap((shape) => spansOf(shape, text)),
  ];
  for (const { index, 0: found } of text.matchAll(longRun))
    if (isRandom(found)) spans.push({ from: index, to: index + found.length });
  return joinSpans(spans);
}

/** Credentials behind their names. */
function named(text: string): TextSpan[] {
  const spans: TextSpan[] = [];
  for (const each of assignments)
    for (const { index, 0: whole, 2: separator, 3: value } of text.matchAll(each)) {
      const token = value!.replace(scheme, '');
      const to = index + whole.length;
      if (isValue(separator!, token)) spans.push({ from: to - token.length, to });
    }
  return spans;
}

const spansOf = (shape: RegExp, text: string): TextSpan[] =>
  [...text.matchAll(shape)].map(({ index, 0: found }) => ({
    from: index,
    to: index + found.length,
  }));

/**
 * The text with `[redacted]` in place of what is a credential by its name, its place or the form of its issuer. For texts of others, such as
 * alarms: long runs of characters stay, because these name commits, containers and traces as well, and so does what has an issuer's
 * form and no digit and no capital, such as the name of a primary key.
 */
export function withoutCredentials(text: string): string {
  const spans = joinSpans([
    ...named(text),
    ...[...placed, ...cutOff].flatMap((shape) => spansOf(shape, text)),
    ...issued
      .flatMap((shape) => spansOf(shape, text))
      .filter(({ from, to }) => /[\dA-Z]/.test(text.slice(from, to))),
  ]);
  return spans.length === 0
    ? text
    : replaceSpans(
        text,
        spans.map((span) => ({ path: [], text, span })),
      );
}

function joinSpans(spans: TextSpan[]): TextSpan[] {
  const joined: TextSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push({ ...span });
  }
  return joined;
}

/** A credential in a value, and its place. */
export interface FoundCredential {
  path: readonly (string | number)[];
  /** the whole text, and the place of the credential in it */
  text: string;
  span: TextSpan;
}

/** Finds credentials in the texts of a value, by the name of their property or by their form. */
export const literalCredentials = (value: unknown): FoundCredential[] =>
  textsIn(value).flatMap(({ path, text }) => {
    const name = path.at(-1);
    // The text beside a reference is not a secret, but for example a scheme or a user.
    if (typeof name === 'string' && credentialName.test(name) && text.length >= 3)
      return secretsNamedIn(text).length > 0
        ? []
        : [{ path, text, span: { from: scheme.exec(text)?.[0].length ?? 0, to: text.length } }];
    return credentialsIn(text).map((span) => ({ path, text, span }));
  });

const gitHubToken = /\b(?:gh[opsur]_\w{16,}|github_pat_\w{20,})/g;

/**
 * A JSON value without GitHub's tokens, which their beginnings give away; all else stays. For answers whose texts may hold tokens that
 * no list of secrets has.
 */
export function withoutGitHubTokens<Value>(value: Value): Value {
  const copy = (each: unknown): unknown => {
    if (typeof each === 'string') return each.replace(gitHubToken, redacted);
    if (Array.isArray(each)) return each.map(copy);
    if (each === null || typeof each !== 'object') return each;
    return Object.fromEntries(Object.entries(each).map(([name, item]) => [name, copy(item)]));
  };
  return copy(value) as Value;
}

/** The same value with `[redacted]` in place of each credential. */
export function maskCredentials(value: unknown): unknown {
  const found = Map.groupBy(literalCredentials(value), ({ path }) => JSON.stringify(path));
  const change = (each: unknown, path: (string | number)[]): unknown => {
    if (typeof each === 'string') return replaceSpans(each, found.get(JSON.stringify(path)) ?? []);
    if (Array.isArray(each)) return each.map((item, index) => change(item, [...path, index]));
    if (each === null || typeof each !== 'object') return each;
    return Object.fromEntries(
      Object.entries(each).map(([name, item]) => [name, change(item, [...path, name])]),
    );
  };
  return change(value, []);
}

function replaceSpans(text: string, found: FoundCredential[]): string {
  let done = 0;
  let masked = '';
  for (const { span } of found) {
    masked += text.slice(done, span.from) + redacted;
    done = span.to;
  }
  return masked + text.slice(done);
}
