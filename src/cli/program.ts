import { readFileSync } from 'node:fs';
import { Command } from 'commander';

/** Every command: adding one is one file and one line. Work is imported only when it is asked for, so `--help` is quick. */
export function program(): Command {
  const { version, description } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  ) as { version: string; description: string };
  const root = new Command('roundsman')
    .description(description)
    .version(version)
    .showHelpAfterError('(add --help for what it takes)')
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false });
  for (const command of [] as Command[]) root.addCommand(command);
  exitByThrowing(root);
  return root;
}

/** Commander would call process.exit and cut off what is still being written. */
function exitByThrowing(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitByThrowing(child);
}
