import { expect, test } from 'vitest';
import { printable, span } from '../../src/ground/text.ts';

/** All code points with a property, by the tables of this Node. */
function having(property: RegExp): string[] {
  const found: string[] = [];
  for (let point = 0; point <= 0x10_ffff; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const character = String.fromCodePoint(point);
    if (property.test(character)) found.push(character);
  }
  return found;
}

test.each([
  ['controls', /\p{Cc}/u],
  ['formats', /\p{Cf}/u],
  ['what is shown as nothing', /\p{Default_Ignorable_Code_Point}/u],
  ['separators of lines and paragraphs', /[\p{Zl}\p{Zp}]/u],
])('nothing invisible is printed: %s', (_, property) => {
  const characters = having(property);
  expect(characters.length).toBeGreaterThan(0);
  const passed = characters.filter((character) => printable(`a${character}b`).includes(character));
  expect(passed).toEqual([]);
});

test.each([
  ['tags', `ad\u{E0061}\u{E0064}min`],
  ['a soft hyphen', 'ad\u00ADmin'],
  ['a variation selector', 'admin\uFE0F'],
  ['a filler of Hangul', 'admin\u3164'],
  ['a blank of Braille', 'admin\u2800'],
  ['a blank of music', 'admin\u{1D159}'],
  ['a blank hieroglyph', 'admin\u{13441}'],
])('a name with %s does not look like the one without', (_, name) => {
  expect(printable(name)).toContain('\uFFFD');
});

test('text of any language stays as it is', () => {
  const text = 'Grüße, 日本語, العربية, हिन्दी, ไทย, Tiếng Việt, 👋 e\u0301';
  expect(printable(text)).toBe(text);
});

test('marks that pile up on one character are cut', () => {
  expect(printable(`z${'\u0300'.repeat(50)}`)).toBe(`z${'\u0300'.repeat(4)}`);
});

test.each([
  ['of one code point', '🚀'],
  ['with a selector', '❤️'],
  ['with a colour of skin', '👍🏽'],
  ['of several, joined', '👨‍👩‍👧'],
  ['joined, as an older writer types it', '👩‍❤‍👩'],
  ['joined with a sign', '🏃🏽‍♀️'],
  ['of a keycap', '1️⃣'],
  ['of a country', '🇩🇪'],
  ['of a region, by tags', '🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}'],
])('an emoji %s stays as it is', (_, emoji) => {
  expect(printable(`a ${emoji} b`)).toBe(`a ${emoji} b`);
});

test.each([
  ['a joiner behind an emoji', '👨\u200D', '👨\uFFFD'],
  ['a joiner between an emoji and a letter', '👨\u200Da', '👨\uFFFDa'],
  ['a joiner between digits', '1\u200D2', '1\uFFFD2'],
  ['a second selector', '❤\uFE0F\uFE0F', '❤\uFE0F\uFFFD'],
  ['tags of no flag', '🏴\u{E0061}\u{E0064}\u{E007F}', '🏴\uFFFD\uFFFD\uFFFD'],
])('an emoji hides nothing: %s', (_, text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('no chain of emoji is one character without an end', () => {
  expect(printable('👨\u200D'.repeat(50))).toContain('\uFFFD');
});

const minutes = 60_000;
const hours = 60 * minutes;
test.each([
  [0, '0s'],
  [499, '0s'],
  [500, '1s'],
  [59_499, '59s'],
  [59_500, '1m'],
  [89_999, '1m'],
  [90_000, '2m'],
  [59.4 * minutes, '59m'],
  [59.5 * minutes, '1h'],
  [2 * hours - 1, '2h'],
  [2 * hours - 40 * minutes, '1h'],
  [23.4 * hours, '23h'],
  [23.5 * hours, '1d'],
  [7 * 24 * hours - 1, '7d'],
  [400 * 24 * hours, '400d'],
])('%d ms are %s, as are as many in the past', (ms, words) => {
  expect(span(ms)).toBe(words);
  expect(span(-ms)).toBe(words);
});
