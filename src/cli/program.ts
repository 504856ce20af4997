import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { printable } from '../ground/text.ts';
import { applyOptionRules } from './arguments/option-rules.ts';
import { actionsCommand } from './actions/index.ts';
import { botsCommand } from './bots/index.ts';
import { dbCommand } from './db/index.ts';
import { doctorCommand } from './doctor/index.ts';
import { findingsCommand } from './findings/index.ts';
import { importCommand } from './import/index.ts';
import { jobsCommand } from './jobs/index.ts';
import { knowledgeCommand } from './knowledge/index.ts';
import { limitsCommand } from './limits/index.ts';
import { maintenanceCommand } from './maintenance/index.ts';
import { modeCommand } from './mode/index.ts';
import { notifyCommand } from './notify/index.ts';
import { policyCommand } from './policy/index.ts';
import { runsCommand } from './runs/index.ts';
import { secretsCommand } from './secrets/index.ts';
import { silencesCommand } from './silences/index.ts';
import { statusCommand } from './status/index.ts';
import { note } from './terminal/print.ts';
import { ticketsCommand } from './tickets/index.ts';

const commands: (() => Command)[] = [
  statusCommand,
  botsCommand,
  runsCommand,
  findingsCommand,
  ticketsCommand,
  policyCommand,
  knowledgeCommand,
  actionsCommand,
  silencesCommand,
  notifyCommand,
  maintenanceCommand,
  modeCommand,
  limitsCommand,
  secretsCommand,
  importCommand,
  jobsCommand,
  dbCommand,
  doctorCommand,
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
  for (const command of engineCommands) root.addCommand(command);
  for (const command of commands) root.addCommand(command());
  settle(root);
  root.hook('preAction', (_, command) => noteOddSettings(command));
  return root;
}

/** A command that works on another database than a person means would not be noticed. The doctor reports them itself. */
async function noteOddSettings(command: Command): Promise<void> {
  if (command.name() === 'doctor') return;
  const { oddSettings } = await import('../odd-settings.ts');
  for (const odd of oddSettings()) note(printable(odd));
}

/** Settings that commander does not pass on to commands that are added to it. */
function settle(command: Command): void {
  // Without this commander calls process.exit, which cuts off output that is still being written.
  command.exitOverride();
  // Commander repeats what a person typed, which may contain escape sequences.
  command.configureOutput({
    outputError: (text, write) =>
      write(`${text.split('\n').map(printable).join('\n')}${adviceOn(command, text)}`),
  });
  // Commander breaks no description that has less room than this, and names and their arguments take half a terminal.
  command.configureHelp({ minWidthToWrap: 12 });
  applyOptionRules(command);
  command.showHelpAfterError('(add --help for what it takes)');
  for (const child of command.commands) settle(child);
}

/** Why Commander refuses what it names itself, and what to try; nothing where its text says so. */
function adviceOn(command: Command, error: string): string {
  const advice = (why: string, hint: string) => `  why: ${why}\n  try: ${hint}\n`;
  const usage = command.createHelp().commandUsage(command);
  if (error.includes(' cannot be used with option '))
    return advice('each of the two excludes the other', 'give one of them alone');
  if (!error.startsWith("error: unknown option '")) return '';
  const name = usage.split(' [')[0]!;
  return command.registeredArguments.length === 0
    ? advice(`${name} has no such option`, `\`npx ${name} --help\` shows those that it has`)
    : advice(
        `${name} has no such option`,
        // What begins with a dash is read as an option, wherever it stands before `--`.
        `(a text that begins with - stands behind --: npx ${usage.replace('[options]', '[options] --')})`,
      );
}
