/** Text from outside, as titles and bodies of issues at GitHub may show it. */
import { printable } from '../ground/text.ts';

/**
 * Text from outside as an issue may show it: in a fence, in which GitHub makes no mention, no link, no reference and no image. The
 * fence is longer than any in the text.
 */
export function inFence(given: readonly string[]): string {
  const lines = given.map(printable);
  const longest = Math.max(
    0,
    ...lines.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length),
  );
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return [`${fence}text`, ...lines, fence].join('\n');
}

/** A title shows no mention and no reference: `@name`, `#12` and `GH-12` are written apart. GitHub takes 256 characters. */
export const safeTitle = (title: string): string =>
  printable(title)
    .replaceAll(/([@#])(?=[\p{L}\p{N}])/gu, '$1 ')
    .replaceAll(/\b(GH-)(?=\p{N})/giu, '$1 ')
    .replaceAll('`', "'")
    .slice(0, 250)
    .replace(/[\ud800-\udbff]$/, '')
    .trim() || 'Roundsman';
