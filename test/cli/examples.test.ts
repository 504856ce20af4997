/** What `--help` shows to copy: every command has examples, and takes them as they stand. */
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { wholeProgram } from '../../src/bin/cli.ts';
import { cliPage, examplesOf, leavesOf, nameOf } from '../docs/cli-page.ts';
import { roundsman } from './command.ts';

const leaves = leavesOf(wholeProgram());

/** The words of a line, as a shell reads them that knows quotes, a file at the end that takes the output, and nothing else. */
function wordsOf(line: string): string[] {
  const words = line.replace(/ > [\w.]+$/, '').match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => {
    expect(word.replaceAll(/'[^']*'|"[^"$`\\]*"/g, ''), line).not.toMatch(/["'|&;<>$`\\*?!]/);
    return word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2');
  });
}

/** The command that these words reach, and what it would be called with; it does nothing. */
async function reachedBy(words: string[]): Promise<{ name: string; args: readonly string[] }> {
  const root = wholeProgram();
  const reached: { name: string; args: readonly string[] }[] = [];
  for (const leaf of leavesOf(root))
    leaf.action((...given: unknown[]) => {
      const command = given.at(-1) as Command;
      reached.push({ name: nameOf(command), args: command.args });
    });
  await root.parseAsync(['node', 'roundsman', ...words]);
  expect(reached).toHaveLength(1);
  return reached[0]!;
}

test.each(leaves.map((leaf) => [nameOf(leaf), leaf] as const))(
  '%s has examples that are short, and that it takes as they stand',
  async (name, leaf) => {
    const examples = examplesOf(leaf);
    expect(examples.length).toBeGreaterThan(0);
    expect(examples.length).toBeLessThan(4);
    expect(new Set(examples).size).toBe(examples.length);
    for (const line of examples) {
      // Two columns before it, in a terminal of 80.
      expect(line.length, line).toBeLessThanOrEqual(78);
      const [npx, program, ...words] = wordsOf(line);
      expect([npx, program]).toEqual(['npx', 'roundsman']);
      expect((await reachedBy(words)).name, line).toBe(name);
    }
  },
);

test('a line that a command does not take is noticed', async () => {
  for (const words of [
    ['runs', 'list', '--no-such'],
    ['runs', 'list', '--status', 'done'],
    ['runs', 'show'],
    ['tickets', 'snooze', 'T-1', '--for', '4'],
  ])
    await expect(reachedBy(words), words.join(' ')).rejects.toThrow();
});

test('docs/cli.md and --help show them', async () => {
  const page = cliPage();
  for (const leaf of leaves) {
    const section = page.split(`# ${nameOf(leaf)}\n`)[1]!.split('\n#')[0]!;
    for (const line of examplesOf(leaf)) expect(section).toContain(`\n    ${line}\n`);
  }
  const { code, out } = await roundsman(undefined, 'tickets', 'snooze', '--help');
  expect(code).toBe(0);
  expect(out).toMatch(/\n\nExamples:\n {2}npx roundsman tickets snooze T-42 --for 4h\n/);
  expect((await roundsman(undefined, 'tickets', '--help')).out).not.toContain('Examples:');
});
