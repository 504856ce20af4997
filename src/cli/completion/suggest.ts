/** What may come next on a command line that is being typed. */
import type { Argument, Command, Option } from 'commander';
import type { Name, NameKind } from '../../services/completion/names.ts';
import { isList } from '../arguments/words.ts';
import { columnsOf } from './columns.ts';
import { kindOfArgument, kindOfOption, kindOfSetting, type ValueKind } from './kinds.ts';

export type Suggested = 'files' | Name[];

/** Reads from the database the names that begin like this. */
export type ReadNames = (kind: NameKind, begin: string) => Promise<Name[]>;

/**
 * `words` are those after the program's name; the last one, which may be empty, is to be completed. Each suggestion begins
 * with it, and replaces it.
 */
export async function suggest(
  root: Command,
  words: readonly string[],
  ask: ReadNames,
): Promise<Suggested> {
  const begin = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const { command, operands, waiting, isLiteral } = positionAfter(root, before);
  if (waiting) return valuesOf(command, waiting, begin, ask);
  const [, flag, value] = isLiteral ? [] : (/^(--[^=]+)=(.*)$/s.exec(begin) ?? []);
  if (flag) {
    const option = optionNamed(command, flag);
    const found = option ? await valuesOf(command, option, value!, ask) : [];
    return found === 'files'
      ? found
      : found.map(({ name, about }) => ({ name: `${flag}=${name}`, about }));
  }
  if (begin.startsWith('-') && !isLiteral) return optionsOf(command, begin);
  if (nameOf(command) === 'settings' && operands === 1) return valuesOfSetting(before, begin);
  const below = operands === 0 ? commandsOf(command, begin) : [];
  const argument = argumentAt(command, operands);
  if (!argument) return below;
  const found = await valuesAt(command, argument, begin, ask);
  if (found === 'files') return found;
  // An argument that takes several gets each of them once.
  const fresh = argument.variadic ? found.filter(({ name }) => !before.includes(name)) : found;
  return [...fresh, ...below];
}

/** Where the last word stands on the command line. */
interface Position {
  command: Command;
  /** how many arguments of the command are typed already */
  operands: number;
  /** the option whose value comes next */
  waiting: Option | null;
  /** after `--` no word is an option */
  isLiteral: boolean;
}

function positionAfter(root: Command, words: readonly string[]): Position {
  const state: Position = { command: root, operands: 0, waiting: null, isLiteral: false };
  for (const word of words) {
    if (state.waiting) state.waiting = null;
    else if (state.isLiteral || !word.startsWith('-') || word === '-') {
      const below = state.operands === 0 && subcommandNamed(state.command, word);
      if (below) state.command = below;
      else state.operands += 1;
    } else if (word === '--') state.isLiteral = true;
    else if (!word.includes('=')) {
      const usual = state.operands === 0 ? usualOf(state.command) : undefined;
      if (!optionNamed(state.command, word) && usual && optionNamed(usual, word))
        state.command = usual;
      const option = optionNamed(state.command, word);
      if (option?.required) state.waiting = option;
    }
  }
  return state;
}

const subcommandNamed = (command: Command, word: string): Command | undefined =>
  command.commands.find((each) => each.name() === word || each.aliases().includes(word));

/** The subcommand that is meant where none is typed, as `make` of `db backup`. Commander has no public name for it. */
function usualOf(command: Command): Command | undefined {
  const { _defaultCommandName: name } = command as { _defaultCommandName?: string | null };
  return name ? subcommandNamed(command, name) : undefined;
}

const optionNamed = (command: Command, word: string): Option | undefined =>
  command.options.find(({ short, long }) => short === word || long === word);

const beginningWith = (names: readonly Name[], begin: string): Name[] =>
  names.filter(({ name }) => name.startsWith(begin));

const commandsOf = (command: Command, begin: string): Name[] =>
  beginningWith(
    command.commands.map((each) => ({ name: each.name(), about: each.description() })),
    begin,
  );

const optionsOf = (command: Command, begin: string): Name[] =>
  beginningWith(
    [usualOf(command) ?? command].flatMap((each) =>
      each
        .createHelp()
        .visibleOptions(each)
        .flatMap(({ long, description }) => (long ? [{ name: long, about: description }] : [])),
    ),
    begin,
  );

/** The argument at this place; the last one may take many words. */
function argumentAt({ registeredArguments: all }: Command, index: number): Argument | undefined {
  const last = all.at(-1);
  return all[index] ?? (last?.variadic ? last : undefined);
}

function valuesAt(command: Command, argument: Argument, begin: string, ask: ReadNames) {
  if (argument.argChoices) return choices(argument.argChoices, begin);
  return valuesIn(kindOfArgument(nameOf(command), argument.name()), begin, ask);
}

/** `before`: the words before the value, of which one is the setting's name. */
function valuesOfSetting(before: readonly string[], begin: string): Suggested {
  const found = before.map(kindOfSetting).find((kind) => kind !== null) ?? [];
  return found === 'file' ? 'files' : choices(found, begin);
}

/** `tickets show` */
const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

async function valuesOf(
  command: Command,
  option: Option,
  begin: string,
  ask: ReadNames,
): Promise<Suggested> {
  const name = nameOf(command);
  if (option.long === '--columns') return severalOf(columnsOf(name), begin);
  if (option.long === '--sort') {
    const dash = begin.startsWith('-') ? '-' : '';
    return choices(
      columnsOf(name).map((column) => dash + column),
      begin,
    );
  }
  if (!option.argChoices) return valuesIn(kindOfOption(name, option.long ?? ''), begin, ask);
  return isList(option) ? severalOf(option.argChoices, begin) : choices(option.argChoices, begin);
}

/** In `critical,hi`, the words before the last comma are kept, and none of them is offered again. */
function severalOf(words: readonly string[], begin: string): Name[] {
  const kept = begin.slice(0, begin.lastIndexOf(',') + 1);
  const unused = words.filter((word) => !kept.split(',').includes(word));
  return choices(
    unused.map((word) => kept + word),
    begin,
  );
}

const choices = (words: readonly string[], begin: string): Name[] =>
  beginningWith(
    words.map((name) => ({ name, about: '' })),
    begin,
  );

async function valuesIn(kind: ValueKind, begin: string, ask: ReadNames): Promise<Suggested> {
  if (kind === 'file') return 'files';
  if (kind === 'fault') return faultNames(begin);
  return kind === 'free' ? [] : ask(kind, begin);
}

async function faultNames(begin: string): Promise<Name[]> {
  const { listFaults } = await import('../../services/database/plant-faults.ts');
  const all = listFaults().map(({ name, title }) => ({ name, about: title }));
  return beginningWith([{ name: 'all', about: 'every fault' }, ...all], begin);
}
