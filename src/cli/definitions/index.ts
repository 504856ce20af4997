import { Argument, InvalidArgumentError, Option } from 'commander';
import { kindNames } from '../../services/definitions/kinds/kind-names.ts';
import { Command } from '../arguments/command.ts';
import { asOption, jsonOption } from '../arguments/options.ts';
import { repeatedOption } from '../arguments/words.ts';
import { showJson } from '../arguments/show-options.ts';

const fileOption = () =>
  repeatedOption(
    '-f, --file <path>',
    'a file of definitions, or a folder with such files; - is standard input',
  ).makeOptionMandatory();

const setOption = [
  '--set <name>',
  'the set that the files belong to, where they do not say so',
] as const;

const pruneOption = [
  '--prune',
  'remove what the set had before and its files no longer name',
] as const;

const takeOverOption = ['--take-over', 'take what belongs to another set into this one'] as const;

/** `roundsman export`: what there is, as files of definitions. */
export const exportCommand = (): Command =>
  new Command('export')
    .addArgument(new Argument('[kinds...]', 'which kinds; without it, all').choices(kindNames))
    .description('write definitions as files that can be edited and applied')
    .example('npx roundsman export -f definitions')
    .example('npx roundsman export bots > bots.yaml')
    .option(
      '-f, --file <path>',
      'a folder, or a file of one kind: what is there is brought up to date, and its comments stay',
    )
    .option(...setOption)
    .option(
      '--all',
      'add what files that are there do not name; without it only what their set has',
    )
    .option(...jsonOption)
    .action(async (kinds, options) =>
      (await import('./export.ts')).exportDefinitions(kinds, options),
    );

/** `roundsman diff`: what an apply would change. */
export const diffCommand = (): Command =>
  new Command('diff')
    .description('what an apply would change, and what follows from it; changes nothing')
    .example('npx roundsman diff -f definitions')
    .example('npx roundsman diff -f definitions --prune --json')
    .addOption(fileOption())
    .option(...setOption)
    .option(...pruneOption)
    .option(...takeOverOption)
    .addOption(showJson())
    .action(async (options) => (await import('./diff.ts')).diffDefinitions(options));

/** `roundsman apply`: makes the rows what files say. */
export const applyCommand = (): Command =>
  new Command('apply')
    .description('make definitions what files say: all of it in one transaction, or nothing')
    .example('npx roundsman apply -f definitions')
    .example('npx roundsman apply -f definitions --set web --prune --yes 12')
    .addOption(fileOption())
    .option(...setOption)
    .option(...pruneOption)
    .option(...takeOverOption)
    .option('--dry-run', 'only show what would be changed')
    .option('--plan <hash>', 'only if the plan is still the one that `diff` has printed')
    .addOption(
      new Option(
        '--yes [removals]',
        'do not ask; with a number, also remove that many definitions, where they are more than a tenth of the set',
      ).argParser((text) => {
        if (/^\d{1,9}$/.test(text)) return Number(text);
        throw new InvalidArgumentError('it has to be the number of definitions that are removed.');
      }),
    )
    .option(...asOption)
    .option(...jsonOption)
    .action(async (options) => (await import('./apply.ts')).applyDefinitions(options));

/** `roundsman schema`: the JSON Schema of files of one kind. */
export const schemaCommand = (): Command =>
  new Command('schema')
    .addArgument(
      new Argument('[kind]', 'which kind; without it, the kinds are listed').choices(kindNames),
    )
    .description('the JSON Schema (draft 7) by which editors check files of definitions')
    .example('npx roundsman schema bots > bots.schema.json')
    .action(async (kind) => (await import('./schema.ts')).printSchema(kind));
