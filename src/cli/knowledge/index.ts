import { Option } from 'commander';
import { Command } from '../arguments/command.ts';
import { seconds } from '../arguments/durations.ts';
import { asOption, jsonOption, limitOption, wholeNumber, yesOption } from '../arguments/options.ts';
import { listJson, showJson, sinceOption } from '../arguments/show-options.ts';
import { addRevert } from '../history/index.ts';

const nameArgument = ['<name>', 'the name of the entry'] as const;

/** `roundsman knowledge ...` */
export function knowledgeCommand(): Command {
  const knowledge = new Command('knowledge').description('what helps, and how often it did');
  knowledge
    .command('list')
    .description('every entry with its figures')
    .example('npx roundsman knowledge list')
    .example('npx roundsman knowledge list --removed')
    .option('--removed', 'with those that were removed')
    .option(...limitOption, 100)
    .addOption(listJson({ sortable: true }))
    .action(async (options) => (await import('./list.ts')).listKnowledge(options));
  knowledge
    .command('show')
    .argument(...nameArgument)
    .description('one entry: pattern, solution, figures, changes')
    .example('npx roundsman knowledge show ledger.cached-credits')
    .addOption(showJson())
    .action(async (name, options) => (await import('./show.ts')).showKnowledge(name, options));
  withDefinition(
    knowledge.command('add').argument('[name]', 'the name of the entry; asked for on a terminal'),
  )
    .description(
      'add an entry; on a terminal it asks for what is missing, and says what its pattern would have matched',
    )
    .example('npx roundsman knowledge add disk.full --solution-file disk.yaml')
    .addOption(
      new Option(
        '--autonomy <word>',
        'how freely it may act at first; auto has to be earned, or set with edit',
      )
        .choices(['shadow', 'suggest'])
        .default('shadow'),
    )
    .action(async (name, options) => (await import('./add.ts')).addKnowledge(name, options));
  withDefinition(knowledge.command('edit').argument(...nameArgument))
    .description('change the given options and nothing else')
    .example('npx roundsman knowledge edit disk.full --autonomy suggest')
    .example('npx roundsman knowledge edit disk.full --autonomy auto --component sda')
    .addOption(
      new Option(
        '--autonomy <word>',
        'how freely it may act, until its outcomes change that',
      ).choices(['shadow', 'suggest', 'auto']),
    )
    .option('--component <name>', 'with --autonomy: only on this component')
    .option(
      '--half-life-days <n>',
      'the number of days after which an outcome counts half',
      wholeNumber('--half-life-days', 1, 36_500),
    )
    .option(...yesOption)
    .action(async (name, options) => (await import('./edit.ts')).editKnowledge(name, options));
  for (const [verb, enabled, meaning] of [
    ['enable', true, 'let an entry act again, as its autonomy allows; also one that was removed'],
    ['disable', false, 'stop an entry from being applied or suggested; its figures are kept'],
  ] as const) {
    const command = knowledge
      .command(verb)
      .argument(...nameArgument)
      .description(meaning)
      .example(`npx roundsman knowledge ${verb} ledger.cached-credits`)
      .option('--reason <text>', 'why; others read it')
      .option(...asOption)
      .option(...jsonOption)
      .action(async (name, options) =>
        (await import('./enable.ts')).setEnabled(name, enabled, options),
      );
    if (enabled) command.option(...yesOption);
  }
  knowledge
    .command('rename')
    .argument(...nameArgument)
    .argument('<new-name>', 'its new name')
    .description('give an entry another name; its history and figures stay with it')
    .example('npx roundsman knowledge rename disk.full disk.no-room')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (name, newName, options) =>
      (await import('./rename.ts')).renameKnowledge(name, newName, options),
    );
  knowledge
    .command('remove')
    .argument(...nameArgument)
    .description(
      'remove an entry: it matches nothing, lists leave it out, its name is free; its history stays, and `enable` restores it',
    )
    .example('npx roundsman knowledge remove disk.full --yes')
    .option('--reason <text>', 'why; others read it')
    .option(...asOption)
    .option(...yesOption)
    .option(...jsonOption)
    .action(async (name, options) => (await import('./remove.ts')).removeKnowledge(name, options));
  knowledge
    .command('test')
    .argument('<pattern>', 'text in a title, description or component; RE2 syntax')
    .description(
      'which past findings a pattern would have matched, and which wrongly; stores nothing',
    )
    .example("npx roundsman knowledge test 'requests answered 5xx'")
    .example("npx roundsman knowledge test 'disk .* full' --since 7d --category disk")
    .addOption(
      new Option('--since <time>', 'findings seen in the last 24h, 7d, 4w')
        .argParser(seconds('--since', { least: 1, most: 36_500 * 86_400, example: '30d' }))
        .default(30 * 86_400, '30d'),
    )
    .option('--category <category>', 'only findings of this category')
    .addOption(showJson())
    .action(async (pattern, options) =>
      (await import('./try-pattern.ts')).testPattern(pattern, options),
    );
  knowledge
    .command('stats')
    .argument('[name]', 'the name of the entry; all of them unless given')
    .description('the outcomes of each entry, and of the findings that it left alone')
    .example('npx roundsman knowledge stats')
    .example('npx roundsman knowledge stats ledger.cached-credits')
    .option(...limitOption, 100)
    .addOption(listJson({ sortable: true }))
    .action(async (name, options) => (await import('./stats.ts')).showStats(name, options));
  knowledge
    .command('history')
    .argument(...nameArgument)
    .description('what was changed, the newest first, with the figures that caused it')
    .example('npx roundsman knowledge history ledger.cached-credits')
    .addOption(sinceOption('only what was changed'))
    .option(...limitOption, 50)
    .addOption(listJson())
    .action(async (name, options) => (await import('./history.ts')).showHistory(name, options));
  knowledge
    .command('verify')
    .description(
      'compare the figures of all entries with their stored outcomes; exit code 1 if some differ',
    )
    .example('npx roundsman knowledge verify')
    .example('npx roundsman knowledge verify --fix')
    .option('--fix', 'correct the figures by the stored outcomes')
    .addOption(listJson())
    .action(async (options) => (await import('./verify.ts')).verifyKnowledge(options));
  addRevert(knowledge, {
    kind: 'knowledge',
    example: 'disk.full',
    called: 'the name of the entry',
  });
  return knowledge;
}

/** The content of an entry, as options of `add` and `edit`. */
const withDefinition = (command: Command): Command =>
  command
    .option('--category <category>', 'of the findings that it is about')
    .option('--pattern <pattern>', 'found in their title, description or component; RE2 syntax')
    .option('--solution <text>', 'advice for a person, or a playbook')
    .addOption(
      new Option('--solution-file <file>', 'the same from a file; - is standard input').conflicts(
        'solution',
      ),
    )
    .option(...asOption)
    .option(...jsonOption);
