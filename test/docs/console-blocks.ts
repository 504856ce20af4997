/** Reads the `console` blocks of a Markdown file: a command after `$ `, and what it prints. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface ConsoleBlock {
  whole: string;
  command: string;
  output: string;
}

export const consoleBlocks = (markdown: string): ConsoleBlock[] =>
  [...markdown.matchAll(/```console\n\$ (.+)\n([\s\S]*?)```/g)].map(([whole, command, output]) => ({
    whole,
    command: command!,
    output: output!,
  }));

/** A last line of a block: more lines follow, which the page does not show. */
const cut = '...';

/** The beginning of an output, as long as the block is, where the block ends with three dots. */
export function asShown(block: ConsoleBlock, printed: string): string {
  const lines = block.output.trim().split('\n');
  if (lines.at(-1) !== cut) return printed.trim();
  return [
    ...printed
      .trim()
      .split('\n')
      .slice(0, lines.length - 1),
    cut,
  ].join('\n');
}

/** Runs a command in this checkout, without a terminal, and returns what it prints on standard output. */
export async function printedBy(command: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const words = command
    .replace(/^npx roundsman/, 'roundsman')
    .replace(/^npm run --silent (\w+)( --)?/, 'roundsman $1')
    .split(' ');
  if (words[0] !== 'roundsman') throw new Error(`no test knows how to run: ${command}`);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['src/bin/roundsman.js', ...words.slice(1)],
    { cwd: root, env: { ...environment, NO_COLOR: '1', TZ: 'UTC' } },
  );
  return stdout;
}

/**
 * An output without what differs from run to run: durations, times, numbers of tickets, how many runs and heals the bots of the
 * demo see of each other, and the order of tickets that are opened at the same time.
 */
export const withoutVariations = (output: string): string =>
  output
    .replaceAll(/\d+(\.\d+)? m?s\b/g, 'N ms')
    .replaceAll(/\bT-\d+/g, 'T-N')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in \w+/g, 'TIME')
    .replaceAll(/\b\d+ (heals an hour|runs an hour|runs wait)/g, 'N $1')
    // A bot of the demo that runs a little later sees what another one has done.
    .replaceAll(/^Found: \d+ problems/gm, 'Found: N problems')
    // Tickets that are opened at the same time get their numbers in any order.
    .replaceAll(
      /(?:^T-N .*\n)+/gm,
      (rows) => rows.split('\n').slice(0, -1).toSorted().join('\n') + '\n',
    )
    .trim();
