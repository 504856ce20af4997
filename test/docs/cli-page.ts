/** Writes docs/cli.md from the commands themselves. */
import type { Argument, Command, Option } from 'commander';
import { wholeProgram } from '../../src/bin/cli.ts';
import { Command as OwnCommand } from '../../src/cli/arguments/command.ts';
import { capitalised, exitCodes } from '../../src/ground/errors.ts';
import { cell, code, table } from './markdown.ts';

const exitMeanings: Record<keyof typeof exitCodes, string> = {
  ok: 'the command did its work',
  failed:
    'the command could not do its work, or found a problem: a run of `round`, `demo` or `bots run --wait` did not succeed, a check of `doctor` failed; also a defect of Roundsman',
  usage: 'the command line, an environment variable or a value cannot be used',
  notFound: 'what the command line names does not exist',
  needsAttention: '`status` or `report` found something that a person has to look at',
  interrupted:
    'Ctrl-C or the end of the terminal ended the command before it had its result (another signal: 128 and its number, as 143 of SIGTERM); at a question, nothing was written',
};

/** When the commands ask that do not always ask. */
const asksWhen: Record<string, string> = {
  mode: 'remedies may do more in the new mode than in the present one; never for `off`',
  apply: 'an entry of knowledge would act alone',
  'knowledge edit':
    '`--autonomy auto` lets an entry act alone, everywhere or on a component, that does not now',
  'knowledge enable': 'the entry acts alone again',
  'bots disable': 'something depends on the bot; it is listed',
  'bots rename': 'something goes by the name of the bot; it is listed',
  'errors split': 'no recent error of the group contains the text',
  'silences add': 'no finding ever had what it names',
  'maintenance add': 'no finding ever had a component or a category that it names',
  'tickets resolve': '`--learn`, before anything of it is written',
};

const intro = `# Commands

Every command of \`npx roundsman\`, with its arguments and options. \`--help\` behind a command prints the same, and
\`--version\` behind none of them the version. \`npm run docs\` writes this page from the commands: change them, not the page.

Results go to standard output, everything else to standard error. A value in parentheses behind an option is what holds
without it.

## What is shown

Every command that shows something has the same options.

- **Where it goes.** A list is a table on a terminal. In a pipe or a file it is lines with tabs between their cells (tsv),
  the first with the names of the columns: no colours, nothing wrapped, no column left out. A cell with nothing in it is empty
  there and \`-\` in a table; a tab or a line break in a text is a space, and what a terminal would obey is a \`\uFFFD\`.
  A number is that number alone, in the unit that its column names (\`execution_time_ms\`), a time is ISO 8601, and what a
  table says in words beside a value has columns of its own at the end: \`ended_at\`, \`response\`.
  A list without rows is its head alone. What is said beside a list (\`only the first 20 of 5,016\`, \`No such run.\`) is
  on standard error wherever standard output is data.
- **\`-o\`** \`table\`, \`tsv\`, \`json\`, \`jsonl\` (a row a line), \`yaml\` or \`csv\` chooses the form, wherever it goes; what is
  no list has \`text\`, \`json\`, \`jsonl\` and \`yaml\`. \`--json\` is \`-o json\`: one document with the names of the tables'
  columns and times in UTC. \`--json id,title\` has only these fields, and so has \`-o yaml --columns id,title\`. A word behind
  \`--json\` is a field, unless the command cannot do without it: \`bots show --json watch\` shows a bot.
- **csv** is as RFC 4180 has it, with CRLF. A cell that a spreadsheet would take for a formula has an apostrophe before it:
  one that begins with \`=\`, \`+\`, \`-\` or \`@\`, also in their full-width forms, behind spaces or behind a \`;\`. Numbers
  stay. A program that is no spreadsheet had better read jsonl.
- **\`--columns\`** names columns, in their order: those of the head, and any other field that \`--json\` has. One that
  is not there is refused with the nearest. A list without rows accepts any name here, at \`--json\` and at \`--sort\`, and says
  on standard error which of them is no column, because it is not known whether rows have such a field.
- **\`--sort\`** is for lists that are not long by nature: all rows are read and sorted before the first are shown, \`-name\` the
  other way round, and rows with nothing in that column last. Runs, findings, steps, messages and histories may have millions of
  rows: they keep their order, and have \`--since\`. Tickets have orders of their own.
- **Times** are in your zone, that of \`TZ\` or else of the system, and name it (\`2026-11-22 10:05:00 CET\`); a time that you
  type is in it, too, unless it has an offset. \`--time relative\` says \`5m ago\`, and \`--time iso\` \`2026-11-22T10:05:00+01:00\`, as
  tsv and csv do. Errors, and the schedules of bots and maintenance, are in UTC or in the zone that they name. Where \`TZ\` is no
  zone, a time that is typed without an offset is refused. A rule with summer time (\`CET-1CEST\`), which Node takes for UTC, and a
  zone that is none are told once on standard error where people read times, and by \`doctor\`.
- **Totals** are exact up to 10,000 rows. Of runs, steps and messages, which would be read one by one for that, it is said that
  there are more.
- **The pager.** On a terminal, what is longer than the screen is shown by \`less -FRX\`, or what \`PAGER\` or
  \`ROUNDSMAN_PAGER\` names; less cannot start programs or open files (\`LESSSECURE\`), and
  gets no colours where your \`LESS\` lacks \`R\`. What a pager that fails has not read is printed. \`--no-pager\`, an empty \`ROUNDSMAN_PAGER\`
  and \`TERM=dumb\` show all at once. \`doctor\`, and what asks before it changes something, has none.
- **Signs.** On a terminal whose locale (\`LC_ALL\`, \`LC_CTYPE\` or \`LANG\`, the first that is set) is not UTF-8, or of
  \`TERM=dumb\`, what Roundsman says and draws itself is ASCII: bars, and \`...\` for what is cut. Titles and other texts of rows
  stay as they are. Pipes and files are UTF-8.
- **Completion.** \`source <(npx roundsman completion bash)\`, the same with \`zsh\`, and \`npx roundsman completion fish | source\`
  teach a shell commands, options, their choices, and from the database ids and names; tickets stand there with their titles. It
  is for a \`roundsman\` on the path: npx completes for itself. Where the database has not answered after 300 ms, no names are
  offered; the embedded one is not started. Names are data to the shell, whatever is in them.

## What is typed

- A duration is a number with its unit: \`90s\`, \`30m\`, \`24h\`, \`7d\`, \`2w\`, or several, the longest first: \`1h30m\`. A number
  without a unit is refused; \`0\` needs none. Where a name says its unit (\`limits cooldown_minutes\`), a number alone is in it.
- An option whose choices can be several is a list: \`--severity critical,high\`, or the option again. Any other option that is
  given twice with different values is refused: only the last would count. So is an empty text, as a variable that is not
  set gives it; \`--description ''\` alone takes one away.
- A word of a fixed set is refused with the nearest one where it is not in the set, and so is the name of a bot, an entry, a
  limit or a time zone. A component, a category or a person may be new: what has none so far is told, with the nearest
  name, and silenced or put under maintenance only by who says yes.
- Where a command takes several ids or names (\`<tickets...>\`), each is changed by itself, in the given order: one that fails
  is told on standard error and does not stop the others, one that is named twice is taken once, and the exit code is the
  worst, the highest. With \`--json\` one alone is an object, and several are an array, in which what failed is
  \`{ "given", "error" }\`.
- A text that begins with a dash is read as an option. It stands after \`--\`, and options before that: \`tickets comment
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

What a person writes in an editor or types about a ticket is kept until it is stored: if the command fails or is interrupted, it
stays in a file that the account alone can read, in \`roundsman/drafts\` below \`XDG_STATE_HOME\` (\`~/.local/state\`), and
the error says which. Where no directory is the account's alone, it is printed.

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

/** The commands that have no subcommands. */
export const leavesOf = (command: Command): Command[] =>
  command.commands.length > 0 ? command.commands.flatMap(leavesOf) : [command];

/** An argument as the usage shows it: `<name>`, `[name]` or `[name...]`. */
function term(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

const isHelp = ({ long }: Option): boolean => long === '--help';

/** The command lines that its help shows. */
export const examplesOf = (command: Command): readonly string[] =>
  command instanceof OwnCommand ? command.examples : [];

export const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

/** The section of a command, and the sections of its subcommands. `depth` is the level of the heading. */
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
    ...(examplesOf(command).length > 0 ? ['', 'For example:', ''] : []),
    ...examplesOf(command).map((line) => `    ${line}`),
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
