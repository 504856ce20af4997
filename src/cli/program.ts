import { readFileSync } from 'node:fs';
import type { Command as Commander } from 'commander';
import { nearest } from '../ground/nearest.ts';
import { printable } from '../ground/text.ts';
import { noteCommand } from './arguments/actor.ts';
import { applyOptionRules } from './arguments/option-rules.ts';
import { applyShowOptions } from './arguments/show-options.ts';
import { actionsCommand } from './actions/index.ts';
import { botsCommand } from './bots/index.ts';
import { Command } from './arguments/command.ts';
import { completionCommand } from './completion/index.ts';
import { dbCommand } from './db/index.ts';
import { applyCommand, diffCommand, exportCommand, schemaCommand } from './definitions/index.ts';
import { doctorCommand } from './doctor/index.ts';
import { errorsCommand } from './errors/index.ts';
import { findingsCommand } from './findings/index.ts';
import { healthCommand } from './health/index.ts';
import { importCommand } from './import/index.ts';
import { installCommand } from './install/index.ts';
import { initCommand } from './init/index.ts';
import { jobsCommand } from './jobs/index.ts';
import { knowledgeCommand } from './knowledge/index.ts';
import { limitsCommand } from './limits/index.ts';
import { maintenanceCommand } from './maintenance/index.ts';
import { modeCommand } from './mode/index.ts';
import { notifyCommand } from './notify/index.ts';
import { policyCommand } from './policy/index.ts';
import { reportCommand } from './report/index.ts';
import { retentionCommand } from './retention/index.ts';
import { runsCommand } from './runs/index.ts';
import { secretsCommand } from './secrets/index.ts';
import { settingsCommand } from './settings/index.ts';
import { silencesCommand } from './silences/index.ts';
import { sourcesCommand } from './sources/index.ts';
import { statusCommand } from './status/index.ts';
import { beginShowing } from './listing/begin.ts';
import { note } from './terminal/print.ts';
import { ticketsCommand } from './tickets/index.ts';

const commands: (() => Command)[] = [
  statusCommand,
  reportCommand,
  botsCommand,
  runsCommand,
  findingsCommand,
  errorsCommand,
  ticketsCommand,
  policyCommand,
  knowledgeCommand,
  actionsCommand,
  silencesCommand,
  notifyCommand,
  maintenanceCommand,
  modeCommand,
  limitsCommand,
  settingsCommand,
  secretsCommand,
  sourcesCommand,
  exportCommand,
  diffCommand,
  applyCommand,
  schemaCommand,
  importCommand,
  jobsCommand,
  retentionCommand,
  dbCommand,
  doctorCommand,
  healthCommand,
  installCommand,
  initCommand,
  completionCommand,
];

/**
 * Every command: adding one is one file and one line. A command's modules are imported only when it runs, so `--help`
 * is quick. `engineCommands` are the commands that src/bin defines.
 */
export function program(engineCommands: Command[]): Command {
  const { version, description } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string; description: string };
  const root = new Command('roundsman').description(description).version(version);
  // Options of a command that has subcommands and arguments, such as `settings`, are not taken for those of a subcommand.
  root.enablePositionalOptions();
  // Read before the commands are loaded (src/bin/roundsman.js): some have an option of this name themselves.
  root.addHelpText(
    'after',
    '\nBefore a command: --config <file>, a roundsman.config.ts other than the one of this project',
  );
  for (const command of engineCommands) root.addCommand(command);
  for (const command of commands) root.addCommand(command());
  configure(root);
  root.hook('preAction', (_, command) => {
    noteCommand(pathOf(command));
    beginShowing(command);
    return noteOddSettings(command);
  });
  return root;
}

/** `bots edit` */
const pathOf = (command: Commander): string =>
  command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();

/**
 * Notes settings that are probably mistakes: without this a person would not notice that a command works on another
 * database than they mean. `doctor` reports such settings itself, and no person reads notes beside a completion.
 */
async function noteOddSettings(command: Commander): Promise<void> {
  if (['doctor', 'completion'].includes(command.name())) return;
  const { oddSettings } = await import('../odd-settings.ts');
  for (const odd of oddSettings()) note(printable(odd));
}

/** Sets, for a command and all below it, what commander does not pass on to commands that are added to it. */
function configure(command: Commander): void {
  // Without this commander calls process.exit, which cuts off output that is still being written.
  command.exitOverride();
  // Commander repeats what a person typed, which may contain escape sequences.
  command.configureOutput({
    outputError(text, write) {
      const advice = adviceOn(command, text);
      write(
        `${withNearOption(command, withFewArguments(text)).split('\n').map(printable).join('\n')}${advice}`,
      );
      // Commander adds its own advice after this.
      if (advice.includes('--help`')) command.showHelpAfterError(false);
    },
  });
  // Commander wraps no description that has less room than this, and the names with their arguments take half a terminal.
  command.configureHelp({ minWidthToWrap: 12 });
  applyShowOptions(command);
  applyOptionRules(command);
  command.showHelpAfterError('(add --help for what it takes)');
  for (const child of command.commands) configure(child);
}

/**
 * The error with the nearest option as its suggestion, as everywhere else: Commander suggests any option that shares two letters
 * with what was typed (`--bot` for `--sort`).
 */
function withNearOption(command: Commander, error: string): string {
  const given = /^error: unknown option '--([^']*)'/.exec(error)?.[1];
  if (given === undefined) return error;
  const names = command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long?.slice(2) ?? []);
  const [meant] = nearest(given.replace(/=.*/s, ''), names);
  return error.replace(
    /(?:\n\(Did you mean [^)]*\))?(?=\n|$)/,
    meant ? `\n(Did you mean --${meant}?)` : '',
  );
}

/** Commander repeats all that was typed, in one line: as of a pattern that the shell has expanded. What it is has its place below. */
const withFewArguments = (error: string): string =>
  error.replace(/^(error: too many arguments(?: for '[^']*')?)\. Expected [^]*$/, '$1\n');

/** How many arguments a command takes and got, and the first one that is too many. */
function excessInWords(command: Commander): string {
  const most = command.registeredArguments.length;
  const first = JSON.stringify(printable((command.args[most] ?? '').slice(0, 40)));
  const takes = most === 0 ? 'none' : most === 1 ? 'one' : `${most}`;
  return `it takes ${takes}, and got ${command.args.length}: the first that is too many is ${first}`;
}

/** The lines `why` and `try` below an error that Commander words itself; empty where its own text says enough. */
function adviceOn(command: Commander, error: string): string {
  const advice = (why: string, hint: string) => `  why: ${why}\n  try: ${hint}\n`;
  const usage = command.createHelp().commandUsage(command);
  if (error.includes(' cannot be used with option '))
    return advice('each of the two excludes the other', 'give one of them alone');
  const [name] = usage.split(/ [[<]/) as [string];
  const [example] = command instanceof Command ? command.examples : [];
  if (error.startsWith('error: too many arguments'))
    return advice(
      excessInWords(command),
      `\`npx ${name} --help\` shows what it takes; quote a text with spaces or asterisks`,
    );
  if (missingPart.test(error))
    return example ? advice(`it is written as \`npx ${usage}\``, `for example \`${example}\``) : '';
  if (error.startsWith("error: unknown command '"))
    return advice(`${name} has no such command`, `\`npx ${name} --help\` shows what there is`);
  if (!error.startsWith("error: unknown option '")) return '';
  const why = `${name} has no such option`;
  const list = `\`npx ${name} --help\` shows those that it has`;
  if (command.registeredArguments.length === 0) return advice(why, list);
  // Before `--`, everything that begins with a dash is read as an option.
  return advice(
    why,
    `${list}; what begins with - and is none goes after --: \`npx ${usage.replace('[options]', '[options] --')}\``,
  );
}

/** The beginnings of Commander's errors about a missing argument, option or value of an option. */
const missingPart =
  /^error: (?:missing required argument|required option|option '.*' argument missing)/;
