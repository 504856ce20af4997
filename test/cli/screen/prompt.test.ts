/** Where the cursor of a prompt goes, beside a model that counts lines and columns. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { edit, type Prompt } from '../../../src/cli/screen/prompt.ts';

// Each is one character for a reader, and of different lengths as text.
const characters = ['a', ' ', '\n', '\u00E9', 'e\u0301', '漢', '👨‍👩‍👧'];

const lengthOf = (parts: readonly string[]): number => parts.join('').length;

/** Lines of characters, the line of the cursor and how many characters stand before it there. */
function place(parts: readonly string[], before: number) {
  const lines = parts
    .join('\u0000')
    .split('\n')
    .map((line) => line.split('\u0000').filter(Boolean));
  const passed = parts.slice(0, before);
  const row = passed.filter((each) => each === '\n').length;
  return { lines, row, column: before - (passed.lastIndexOf('\n') + 1) };
}

/** The place in the text that is so many characters into this line; its end where it is shorter. */
const at = (lines: string[][], row: number, column: number): number =>
  lines.slice(0, row).reduce((sum, line) => sum + lengthOf(line) + 1, 0) +
  lengthOf((lines[row] ?? []).slice(0, column));

const moves = {
  home: ({ lines, row }: ReturnType<typeof place>) => at(lines, row, 0),
  end: ({ lines, row }: ReturnType<typeof place>) => at(lines, row, Infinity),
  up: ({ lines, row, column }: ReturnType<typeof place>) =>
    row === 0 ? 0 : at(lines, row - 1, column),
  down: ({ lines, row, column }: ReturnType<typeof place>) =>
    row === lines.length - 1 ? at(lines, row, Infinity) : at(lines, row + 1, column),
};

test.each(Object.entries(moves))('%s goes where a reader expects it', (key, expected) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...characters)), fc.nat(), (parts, some) => {
      const before = some % (parts.length + 1);
      const prompt: Prompt = {
        text: parts.join(''),
        at: lengthOf(parts.slice(0, before)),
        isProse: true,
      };
      const edited = edit(prompt, { kind: 'key', text: key });
      expect(edited).toEqual({ prompt: { ...prompt, at: expected(place(parts, before)) } });
    }),
    { numRuns: 300 },
  );
});
