import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { widthOf, wrapped } from '../../src/ground/width.ts';

test('a character is as wide as the library says, also where it is not asked', () => {
  const wrong: string[] = [];
  for (let point = 0x20; point < 0x1_0000; point += 1) {
    const character = String.fromCodePoint(point);
    if (!character.isWellFormed()) continue;
    if (widthOf(character) !== stringWidth(character)) wrong.push(point.toString(16));
  }
  expect(wrong).toEqual([]);
});

test('what is wrapped is whole, and no line is wider than it may be', () => {
  for (const text of [
    '支払いの再試行が繰り返し請求されています。'.repeat(20),
    'a bc def '.repeat(50),
  ])
    for (const width of [10, 33, 80]) {
      const lines = wrapped(text, width);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width + 2);
    }
});
