/** `history` and `revert`, the same for every kind of definition: one line in the commands of each noun. */
import type { DefinitionKind } from '../../services/history/list.ts';
import type { Command } from '../arguments/command.ts';
import { asOption, jsonOption, limitOption, wholeNumber, yesOption } from '../arguments/options.ts';
import { listJson, sinceOption } from '../arguments/show-options.ts';

interface Names {
  kind: DefinitionKind;
  /** as the examples name one; null where there is only one of the kind */
  example: string | null;
  /** `bot` */
  called: string;
}

/** Adds `history` and `revert` to the commands of a noun. */
export function addHistoryAndRevert(noun: Command, names: Names): void {
  addHistory(noun, names);
  addRevert(noun, names);
}

function addHistory(noun: Command, { kind, example, called }: Names): void {
  const command = noun.command('history');
  const line = `npx roundsman ${noun.name()} history`;
  if (example !== null) {
    command.argument(kind === 'silence' ? '[id]' : '[name]', `${called}; without it, all of them`);
    command.example(`${line} ${example}`);
  }
  command
    .description('who changed it, when, from where, and what it was before; the newest first')
    .example(`${line} --since 7d`)
    .addOption(sinceOption('only what was changed'))
    .option(...limitOption, 50)
    .addOption(listJson())
    .action(async (...given) => {
      const [name, options] = example === null ? [undefined, given[0]] : [given[0], given[1]];
      await (await import('./show.ts')).showHistory(kind, name, options);
    });
}

/** Adds `revert` to the commands of a noun. */
export function addRevert(noun: Command, { kind, example, called }: Names): void {
  const command = noun.command('revert');
  const line = `npx roundsman ${noun.name()} revert${example === null ? '' : ` ${example}`}`;
  if (example !== null) command.argument(kind === 'silence' ? '<id>' : '<name>', called);
  command
    .description('set it back to an earlier version, after showing what that changes')
    .example(line)
    .example(`${line} --to 3`)
    .option(
      '--to <version>',
      'as `history` counts them (the newest that differs from now)',
      wholeNumber('--to', 0, 2_147_483_647),
    )
    .option(...asOption)
    .option(...yesOption)
    .option(...jsonOption)
    .action(async (...given) => {
      const [name, options] = example === null ? [kind, given[0]] : [given[0], given[1]];
      await (await import('./revert.ts')).revertDefinition(kind, name, options);
    });
}
