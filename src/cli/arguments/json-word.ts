/** Decides whether the word after `--json` is its list of fields, or an argument of the command. */
import type { Command } from 'commander';
import { kindOf } from './show-options.ts';

/**
 * Moves `--json` to the end of the command line where it would otherwise take an argument that the command needs: in `bots
 * show --json watch`, `watch` is a bot and not a field.
 */
export function withJsonLast(root: Command, argv: readonly string[]): readonly string[] {
  const [leaf, words] = leafOf(root, argv.slice(2));
  const needed = leaf.registeredArguments.filter(({ required }) => required).length;
  if (needed === 0 || kindOf(leaf) === null) return argv;
  const end = words.includes('--') ? words.indexOf('--') : words.length;
  const typed = words.slice(0, end);
  const json = typed.indexOf('--json');
  if (json < 0 || json + 1 >= typed.length || typed[json + 1]!.startsWith('-')) return argv;
  const given = operandsIn(leaf, typed.toSpliced(json, 2)) + Math.max(0, words.length - end - 1);
  if (given >= needed) return argv;
  const before = argv.slice(0, argv.length - words.length);
  return [...before, ...typed.toSpliced(json, 1), '--json', ...words.slice(end)];
}

/** The command that the first words name, and the words after its name. */
function leafOf(command: Command, words: readonly string[]): [Command, readonly string[]] {
  const named = command.commands.find((each) => each.name() === words[0]);
  return named ? leafOf(named, words.slice(1)) : [command, words];
}

/** How many of the words are arguments: neither options nor their values. */
function operandsIn(command: Command, words: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]!;
    if (!word.startsWith('-') || word === '-') count += 1;
    else if (
      command.options.some(({ short, long, required }) => required && [short, long].includes(word))
    )
      index += 1;
  }
  return count;
}
