import { expect, test } from 'vitest';
import { printable } from '../../src/ground/text.ts';

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
