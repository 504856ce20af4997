/** docs/cli.md, from the commands themselves. */
import type { Argument, Command, Option } from 'commander';
import { wholeProgram } from '../../src/bin/cli.ts';
import { capitalised, exitCodes } from '../../src/ground/errors.ts';
import { cell, code, table } from './markdown.ts';

const exitMeanings: Record<keyof typeof exitCodes, string> = {
  ok: 'the command did what it was asked for',
  failed:
    'it could not do so, or what it looked at or waited for is not well: a run of `round`, `demo` or `bots run --wait`, a check of `doctor`; also a defect of Roundsman',
  usage: 'the command line, a setting or a value cannot be used as it was given',
  notFound: 'what was named does not exist',
  needsAttention: '`status` found something that a person has to look at',
  interrupted:
    'Ctrl-C, another signal or the end of its terminal ended it before it had its result; at a question nothing was written',
};

/** Of commands that do not always ask. */
const asksWhen: Record<string, string> = {
  mode: 'remedies may do more in the new mode than in the present one; never for `off`',
  'knowledge edit':
    '`--autonomy auto` lets an entry act alone, everywhere or on a component, that does not now',
  'knowledge enable': 'the entry acts alone again',
  'bots disable': 'something depends on the bot; it is listed',
  'bots rename': 'something goes by the name of the bot; it is listed',
  'silences add': 'no finding ever had what it names',
  'maintenance add': 'no finding ever had a component or a category that it names',
  'tickets resolve': '`--learn`, before anything of it is written',
};

const intro = `# Commands

Every command of \`npx roundsman\`, with its arguments and options. \`--help\` behind a command prints the same, and
\`--version\` behind none of them the version. \`npm run docs\` writes this page from the commands: change them, not the page.

Results go to standard output, everything else to standard error. With \`--json\` the result is one JSON document with the
names of the tables' columns. A value in parentheses behind an option is what holds without it.

## What is typed

- A duration is a number with its unit: \`90s\`, \`30m\`, \`24h\`, \`7d\`, \`2w\`, or several, the longest first: \`1h30m\`. A number
  without a unit is refused; \`0\` needs none. Where a name says its unit (\`limits cooldown_minutes\`), a number alone is in it.
- An option whose choices can be several is a list: \`--severity critical,high\`, or the option again. Any other option that is
  given twice with different values is refused: the last would win in silence. So is an empty text, as a variable that is not
  set gives it; \`--description ''\` alone takes one away.
- A word of a fixed set is refused with the nearest one where it is not in the set, and so is the name of a bot, an entry, a
  limit or a time zone. A component, a category or a person may be new: what has none so far is told, with the nearest
  name, and silenced or put under maintenance only by who says yes.
- A text that begins with a dash is read as an option. It stands behind \`--\`, and options before that: \`tickets comment
  T-42 -- "- restarted nginx"\`. Behind an option (\`--notes "- restarted it"\`) it stands as it is.
- What contradicts itself is refused before anything is written: options that exclude each other, an option that has no meaning
  beside the others, a jitter above the time between two slots.

## What is asked before

A command asks a person before it has something done that waits for a person's word, lets remedies act alone that do not
now, keeps or removes something for good, or rests on a name that nothing has. In a terminal the answer is y or N, and only
y goes on. Where there is no terminal (a script, a pipe, cron), nothing is asked and nothing assumed: without \`--yes\` such a
command ends with 2 and has written nothing. Ctrl-C at any question ends it with 130, as the end of the
terminal does, the end of input (Ctrl-D) with 2; all have written nothing. A text that is missing is asked for in the same way, and has its option where there is no terminal. An
answer that is refused is asked for again, on an empty line; the arrow up brings it back.

What was typed before a question is shown answers nothing: it is left out, and that is said. Lines that are pasted are one text with
its line breaks, for comments, notes, reasons and what helps; every other answer is one line, and refuses several. Ctrl-Z at a
question gives the terminal back to the shell, behind npx too, and \`fg\` asks on.
`;

const afterAsked = `
All other commands do at once what is typed: they read, or they write what a person says (an assignment, a pause, a
silence, a limit, the end of maintenance), which the opposite command takes back, or they ask for what schedules do by themselves (\`bots run\`,
\`bots backfill\`, \`round\`).

## Exit codes
`;

const asksBefore = (command: Command): boolean =>
  command.options.some(({ long }) => long === '--yes');

/** The commands without commands below them. */
export const leavesOf = (command: Command): Command[] =>
  command.commands.length > 0 ? command.commands.flatMap(leavesOf) : [command];

/** \`<name>\`, \`[name]\`, \`[name...]\`, as in the usage. */
function term(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

const isHelp = ({ long }: Option): boolean => long === '--help';

export const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

/** A command, and those below it: `depth` is the level of its headline. */
function sectionsOf(command: Command, depth: number): string[] {
  const help = command.createHelp();
  const head = ['', `${'#'.repeat(depth)} ${nameOf(command)}`];
  const what = ['', `${cell(capitalised(command.description()))}.`];
  if (command.commands.length > 0)
    return [...head, ...what, ...command.commands.flatMap((each) => sectionsOf(each, depth + 1))];
  return [
    ...head,
    ...what,
    '',
    `    npx ${help.commandUsage(command)}`,
    ...table(
      ['argument', 'meaning'],
      command.registeredArguments.map((each) => [code(term(each)), help.argumentDescription(each)]),
    ),
    ...table(
      ['option', 'meaning'],
      help
        .visibleOptions(command)
        .filter((option) => !isHelp(option))
        .map((option) => [
          code(help.optionTerm(option)),
          `${option.mandatory ? 'required: ' : ''}${help.optionDescription(option)}`,
        ]),
    ),
  ];
}

export function cliPage(): string {
  const root = wholeProgram();
  const { commands } = root;
  const codes = Object.entries(exitCodes) as [keyof typeof exitCodes, number][];
  return [
    intro.trimEnd(),
    ...table(
      ['asks', 'when'],
      leavesOf(root)
        .filter(asksBefore)
        .map((each) => [code(nameOf(each)), asksWhen[nameOf(each)] ?? 'always']),
    ),
    afterAsked.trimEnd(),
    ...table(
      ['code', 'when'],
      codes.map(([name, value]) => [String(value), exitMeanings[name]]),
    ),
    '',
    'Which error ends with which code is in [errors.md](errors.md).',
    '',
    '## All of them',
    ...table(
      ['command', 'what it is for'],
      commands.map((each) => [`[${each.name()}](#${each.name()})`, each.description()]),
    ),
    ...commands.flatMap((each) => sectionsOf(each, 2)),
    '',
  ].join('\n');
}
