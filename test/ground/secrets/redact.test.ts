/** Secrets in texts, in all the forms that others give them. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openRedaction } from '../../../src/ground/secrets/redact.ts';
import { redactError } from '../../../src/ground/secrets/redact-error.ts';

const value = 'pa"s\'s\\w\nörd/1&<x>';
const as = '{{secret:X}}';
const one = openRedaction([{ value, as }]);
const json = (text: string) => JSON.stringify(text);

describe('a value is found', () => {
  test.each<[string, string]>([
    ['as it is', value],
    ['in JSON', json(value)],
    ['in JSON in JSON', json(json(value))],
    ['five deep', json(json(json(json(json(value)))))],
    ['in JSON of ASCII', json(value).replace('ö', '\\u00F6')],
    ['in an address', encodeURIComponent(value)],
    ['in an address in an address', encodeURIComponent(encodeURIComponent(value))],
    ['with small digits', encodeURIComponent(value).toLowerCase()],
    ['in a form', new URLSearchParams({ a: value }).toString()],
    ['in an address that leaves some characters', new URL(`http://a/?${value}`).href],
    ['in HTML', value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&#34;')],
    ['as Node prints it', inspect({ value })],
    ['on one line', value.replaceAll('\n', ' ')],
    ['in base64', btoa(unescape(encodeURIComponent(value)))],
    ['in base64 of user and value', Buffer.from(`ann:${value}`).toString('base64')],
    ['in base64 of something longer', Buffer.from(`{"k":"${value}"}`).toString('base64')],
    ['in base64 for addresses', Buffer.from(`a:${value}?`).toString('base64url')],
    ['in hexadecimal', Buffer.from(value).toString('hex').toUpperCase()],
    ['in capitals', value.toUpperCase()],
    ['but for its end, before a cut', `${value.slice(0, 8)}…`],
    ['but for its end, before three points', `${value.slice(0, 8)}...`],
    ['but for its beginning, behind a cut', `…${value.slice(8)}`],
    ['by half of it', value.slice(0, 13)],
  ])('%s', (_, text) => {
    for (const around of [text, `<${text}>`, `it failed: ${text}, and so on`]) {
      const left = one.text(around);
      expect(left).toContain(as);
      expect(left).not.toMatch(/ö?rd|pa.{0,3}s|cGEi/i);
    }
  });

  const every = (write: (character: string) => string) => (text: string) =>
    [...text].map(write).join('');
  const bytes = (write: (byte: number) => string) => (text: string) =>
    [...Buffer.from(text)].map(write).join('');
  const lines = (length: number, end: string) => (text: string) =>
    text.match(new RegExp(`[^]{1,${length}}`, 'g'))!.join(end);
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const hex = (digits: number, value: number) => value.toString(16).padStart(digits, '0');
  const code = (character: string) => character.codePointAt(0)!;
  /** as mail writes it: what is no printable ASCII, and lines that end with `=` */
  const quoted = (text: string) =>
    bytes((byte) =>
      byte >= 33 && byte <= 126 && byte !== 61
        ? String.fromCharCode(byte)
        : `=${hex(2, byte).toUpperCase()}`,
    )(text);

  describe.each([
    value,
    'Zq7/+w="é\\ Xk9&Lm<Tt2%40Vr',
    'hunter42secret',
    'pässwörtchen ÃÂ€ ok',
    '\\\\server\\share=1;key=%41%42',
    'Ключ от двери 17',
  ])('%j, written', (secret) => {
    test.each<[string, (text: string) => string]>([
      ['as base64 in lines of 76', (text) => lines(76, '\r\n')(base64(`some user of it:${text} `))],
      ['as base64 in lines of 16', (text) => lines(16, '\n')(base64(text))],
      ['as base64 in indented lines', (text) => lines(20, '\n    ')(base64(text))],
      ['as base64 in lines, in JSON', (text) => json(lines(16, '\r\n')(base64(`a:${text}`)))],
      ['as hexadecimal in lines', (text) => lines(16, '\n')(Buffer.from(text).toString('hex'))],
      ['as hexadecimal with colons', bytes((byte) => `${hex(2, byte)}:`)],
      ['in UTF-8 that was read as latin1', (text) => Buffer.from(text).toString('latin1')],
      [
        'in UTF-8 that was read as Windows-1252, in JSON',
        (text) => json(new TextDecoder('windows-1252').decode(Buffer.from(text))),
      ],
      ['with what could not be read replaced', every((c) => (code(c) < 128 ? c : '\uFFFD'))],
      ['with what could not be written replaced', every((c) => (code(c) < 128 ? c : '?'))],
      ['as \\u of all', every((c) => `\\u${hex(4, code(c))}`)],
      ['as \\u of all, in JSON', (text) => json(every((c) => `\\u${hex(4, code(c))}`)(text))],
      ['as \\u{} of all', every((c) => `\\u{${code(c).toString(16)}}`)],
      ['as \\x of all', bytes((byte) => `\\x${hex(2, byte)}`)],
      ['as octal digits of all', bytes((byte) => `\\${byte.toString(8).padStart(3, '0')}`)],
      ['as % of all', bytes((byte) => `%${hex(2, byte)}`)],
      ['as &# of all', every((c) => `&#${code(c)};`)],
      ['as &#x of all', every((c) => `&#x${code(c).toString(16).toUpperCase()};`)],
      ['as quoted-printable', quoted],
      ['as quoted-printable of all', bytes((byte) => `=${hex(2, byte).toUpperCase()}`)],
      [
        'as quoted-printable in lines',
        (text) => text.replaceAll('=', '=3D').replace(/(?:=3D|.){5}/gu, '$&=\r\n'),
      ],
      ['composed in another way', (text) => text.normalize('NFD')],
    ])('%s', (_, write) => {
      const known = openRedaction([{ value: secret, as }]);
      const left = known.text(`it failed: ${write(secret)}, and so on`);
      expect(left).toMatch(
        /^it failed: [":\\]*(?:c29tZ[\w\s]*)?\{\{secret:X\}\}[=\s":\\rn]*.?=*[":]?, and so on$/,
      );
    });
  });

  test('at the end of a long text that broke off, and at the beginning of one that was cut', () => {
    const filler = 'It is a text of some length. '.repeat(6);
    for (const length of [6, 10, 15])
      expect(one.text(filler + value.slice(0, length))).toBe(filler + as);
    expect(one.text(value.slice(-9) + filler)).toBe(as + filler);
  });

  test('before a cut in a text that is full of such', () => {
    for (const filler of ['... ', '… ', '.'])
      expect(one.text(`${filler.repeat(900)}${value.slice(0, 8)}…`)).toBe(
        `${filler.repeat(900)}${as}…`,
      );
  });

  test('of several lines also line by line', () => {
    const pem = `-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSjAgEAAoIBAQC7aaaa\n-----END PRIVATE KEY-----\n`;
    const left = openRedaction([{ value: pem }]).text('line 2: MIIEvQIBADANBgkqhkiG9w0BAQEF!');
    expect(left).toBe('line 2: [redacted]!');
  });

  test('that is base64 of user and password: by what it says', () => {
    const basic = openRedaction([{ value: btoa('ann:hunter2000') }]);
    expect(basic.text('ann:hunter2000, hunter2000')).toBe('[redacted], [redacted]');
  });

  const key = Buffer.from(
    '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'hex',
  );
  const pairs = key.toString('hex').match(/../g)!;
  const percent = (text: string) => text.replace(/./g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  describe.each([
    ['a key of Standard Webhooks', `whsec_${key.toString('base64')}`],
    ['base64', key.toString('base64')],
    ['base64 for addresses', key.toString('base64url')],
    ['hexadecimal', key.toString('hex')],
  ])('that is %s, and is written', (_, secret) => {
    test.each<[string, string]>([
      ['in base64', key.toString('base64')],
      ['in base64 without its end', key.toString('base64').replace('=', '')],
      ['in base64 for addresses', key.toString('base64url')],
      ['in hexadecimal', key.toString('hex')],
      ['in large digits', key.toString('hex').toUpperCase()],
      ['in digits with colons', pairs.join(':')],
      ['in digits in lines', key.toString('hex').replace(/.{16}/g, '$&\n')],
      ['as Node prints it', inspect(key)],
      ['as JSON writes it', json(JSON.stringify(key))],
      ['as JSON writes it, indented', JSON.stringify(key, null, 2)],
      ['as % of its bytes', pairs.map((pair) => `%${pair}`).join('')],
      ['as \\x of its bytes', pairs.map((pair) => `\\x${pair}`).join('')],
      ['in an address', encodeURIComponent(key.toString('base64'))],
      ['as % of its base64', percent(key.toString('base64'))],
      ['as % of its digits', percent(key.toString('hex'))],
      ['in base64 of something longer', Buffer.concat([Buffer.from('k:'), key]).toString('base64')],
    ])('%s', (_, text) => {
      const known = openRedaction([{ value: secret, as }]);
      for (const left of [known.text(`it is ${text}.`), known.whole(`it is ${text}.`)]) {
        expect(left).toContain(as);
        expect(left).not.toMatch(/[\w+/%]{12}|(?:\d+,\s*){6}|(?:[\da-f]{2}[ :]){6}/i);
      }
    });
  });

  test('whatever it is, wherever it stands', () => {
    const texts = fc.string({ minLength: 6, maxLength: 60, unit: 'grapheme' });
    fc.assert(
      fc.property(texts, texts, (secret, around) => {
        fc.pre(secret.isWellFormed() && secret.trim() === secret && !around.includes(secret));
        const known = openRedaction([{ value: secret, as: '\u0001' }]);
        for (const form of [secret, json(secret).slice(1, -1), encodeURIComponent(secret)])
          expect(known.text(`\u0002${form}\u0002`)).toBe('\u0002\u0001\u0002');
      }),
      { numRuns: 300 },
    );
  });
});

describe('a value of fewer than 8 characters is found as a word of its own', () => {
  const app = openRedaction([{ value: 'app' }, { value: 'pass-12' }, { value: 'ö1' }]);
  test.each([
    ['app', '[redacted]'],
    [
      'no app, "app": (app)/app=app_app',
      'no [redacted], "[redacted]": ([redacted])/[redacted]=[redacted]_[redacted]',
    ],
    ['APP', '[redacted]'],
    ['{"args":["app","\\napp\\t"]}', '{"args":["[redacted]","\\n[redacted]\\t"]}'],
    ['u%3Aapp%40h and u%253Aapp%2540h', 'u%3A[redacted]%40h and u%253A[redacted]%2540h'],
    ['the &quot;app&quot; of a\u0020app', 'the &quot;[redacted]&quot; of a\u0020[redacted]'],
    ['it is pass-12.', 'it is [redacted].'],
    ['ö1 and ö12, äö1', '[redacted] and ö12, äö1'],
  ])('%s', (text, left) => {
    expect(app.text(text)).toBe(left);
    expect(app.whole(text)).toBe(left);
  });

  test.each([
    'append-only file',
    'appendonly no',
    'mapping',
    'app1',
    '1app',
    'äapp',
    'app𝐱',
    'xpass-12',
    'trespass',
  ])('and not within one: %s', (text) =>
    expect(app.value({ [text]: [text] })).toEqual({ [text]: [text] }),
  );

  test('also before and behind a cut, and a longer one within any word', () => {
    const long = 'It is a text of some length. '.repeat(6);
    for (const [text, left] of [
      ['compass…', 'compass…'],
      ['it is pass…', 'it is [redacted]…'],
      [`${long}trespass`, `${long}trespass`],
      [`s-12th ${long}`, `s-12th ${long}`],
      [`s-12 ${long}`, `[redacted] ${long}`],
    ] as const)
      expect(app.text(text)).toBe(left);
    expect(openRedaction([{ value: 'postgres' }]).text('mypostgresql')).toBe('my[redacted]ql');
  });
});

describe('nothing else is changed', () => {
  const hook = openRedaction([
    { value: 'https://hooks.example.com/services/T0/B0/q8Zt4Lr9' },
    { value: 'checkout-service-key-81' },
    { value: 'ab.*+?^${}()|[]' },
  ]);
  test.each([
    'https://hooks.example.com/other was asked',
    'checkout',
    'checkout-service',
    'abc',
    'The checkout of the service has a key.',
    'x'.repeat(10_000),
    '\uD800 half a character',
    '',
  ])('%j', (text) => {
    expect(hook.whole(text)).toBe(text);
    if (!text.startsWith('checkout-')) expect(hook.text(text)).toBe(text);
  });

  test('numbers, times and structure of a value stay', () => {
    const at = new Date();
    const known = openRedaction([{ value: '200' }, { value: 'null' }, { value: 'true' }]);
    const given = { a: [200, null, true, at, '200 of 200'], b: { c: undefined } };
    expect(known.value(given)).toEqual({
      a: [200, null, true, at, '[redacted] of [redacted]'],
      b: { c: undefined },
    });
  });

  test('of two secrets the longer one is taken, and what was known stays known', () => {
    const known = openRedaction([{ value: 'secret', as: 'A' }]);
    known.learn([{ value: 'secret-and-more', as: 'B' }]);
    known.learn([]);
    expect(known.text('secret-and-more secret')).toBe('B A');
  });
});

test('a large text, a large secret and many secrets take little time', () => {
  const many = openRedaction(
    Array.from({ length: 300 }, (_, n) => ({ value: `token-${n}-${'ab1'.repeat(8)}` })),
  );
  const large = openRedaction([{ value: 'A1"ö'.repeat(13_000) }]);
  const hostile = ['token-', '\\', '%25', '&amp;', 'A1', '...', ' ', '\n', 'e'].map((part) =>
    part.repeat(10_000 / part.length),
  );
  const began = performance.now();
  for (const text of hostile) for (const known of [many, large]) known.text(text);
  expect(performance.now() - began).toBeLessThan(10_000);
});

test('an error stays what it is, and tells nothing', () => {
  class OwnError extends Error {
    readonly detail = { sent: `with ${value}` };
  }
  const thrown = new OwnError(`refused ${value}`, { cause: new Error(json(value)) });
  const request: Record<string, unknown> = { sent: value };
  request.self = [request, request];
  const cyclic = Object.assign(new Error('cyclic'), { cause: thrown, request });
  Object.defineProperty(cyclic, 'hostile', {
    enumerable: true,
    get() {
      throw new Error('not to be read');
    },
  });
  thrown.cause = Object.assign(thrown.cause as Error, { cause: cyclic });
  for (const error of [thrown, Object.freeze(new OwnError(value)), new DOMException(value)]) {
    const left = redactError(one, error);
    expect(left).toBeInstanceOf(error.constructor);
    expect(inspect(left, { depth: 5 })).not.toMatch(/örd/);
  }
});
