/** Every command that shows something has the same options, and they do not depend on how it is written. */
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { wholeProgram } from '../../src/bin/cli.ts';
import { withJsonLast } from '../../src/cli/arguments/json-word.ts';
import { leavesOf, nameOf } from '../docs/cli-page.ts';

const leaves = leavesOf(wholeProgram());
const flagsOf = ({ options }: Command) =>
  options.map(({ short, long }) => [short, long].filter(Boolean).join(' '));

const ofDocuments = ['--json', '-o --output', '--time'];
const ofLists = [...ofDocuments, '--columns'];

/** Commands that print what they have done, and those that only hand on what another program prints. */
const printsWhatItDid = (command: Command) =>
  /^(up|round|demo|scheduler|worker|completion|db (migrate|queue|seed|url|shell)|import .*|limits|settings|mode|secrets (set|rotate|remove)|policy set)$/.test(
    nameOf(command),
  );

const shows = (command: Command) =>
  /(^| )(list|show|explain|history|related|stats|next|catalogue|preview|check|status|doctor|from|test)$/.test(
    nameOf(command),
  ) && !['notify test', 'sources test', 'bots check'].includes(nameOf(command));

describe('the options of what is shown', () => {
  test.each(leaves.filter(shows).map((command) => [nameOf(command), command] as const))(
    '%s has them',
    (_, command) => {
      const flags = flagsOf(command);
      expect(flags).toEqual(expect.arrayContaining(ofDocuments));
      expect(command.options.find(({ long }) => long === '--json')!.optional).toBe(true);
    },
  );

  test('whoever has one of them has all, and a list has columns', () => {
    for (const command of leaves) {
      const flags = flagsOf(command);
      if (!flags.includes('-o --output')) continue;
      const forms = command.options.find(({ long }) => long === '--output')!.argChoices!;
      // A report has forms of its own.
      if (forms.includes('html')) continue;
      expect([nameOf(command), flags]).toEqual([
        nameOf(command),
        expect.arrayContaining(forms.includes('csv') ? ofLists : ofDocuments),
      ]);
      expect(forms).toEqual(
        forms.includes('csv')
          ? ['table', 'tsv', 'json', 'yaml', 'jsonl', 'csv']
          : ['text', 'json', 'yaml', 'jsonl'],
      );
    }
  });

  test('what ends in list is a list', () => {
    for (const command of leaves.filter((each) => each.name() === 'list'))
      expect(flagsOf(command), nameOf(command)).toEqual(expect.arrayContaining(ofLists));
  });

  test('only what prints while it works, or asks, has no pager', () => {
    const without = leaves
      .filter((command) => flagsOf(command).includes('-o --output'))
      .filter((command) => !flagsOf(command).includes('--no-pager'));
    expect(without.map(nameOf).toSorted()).toEqual(['doctor', 'health', 'mode', 'tickets from']);
  });

  test('the others print what they have done', () => {
    const others = leaves.filter((command) => !flagsOf(command).includes('-o --output'));
    for (const command of others.filter((each) => !printsWhatItDid(each)))
      expect(shows(command), nameOf(command)).toBe(false);
  });
});

describe('the word after --json', () => {
  const typed = (words: string) =>
    withJsonLast(wholeProgram(), ['node', 'roundsman', ...words.split(' ')])
      .slice(2)
      .join(' ');

  test.each([
    ['bots show --json watch', 'bots show watch --json'],
    ['tickets show --json T-1 --time iso', 'tickets show T-1 --time iso --json'],
    ['tickets history --limit 5 --json T-1', 'tickets history --limit 5 T-1 --json'],
  ])('%s: names what is shown', (given, meant) => expect(typed(given)).toBe(meant));

  test.each([
    'bots show watch --json name',
    'bots show --json name watch',
    'bots list --json name',
    'tickets list --json',
    'tickets show T-1 --json',
    'bots show --json=name watch',
    'bots pause --json watch',
  ])('%s: is as it stands', (given) => expect(typed(given)).toBe(given));
});
