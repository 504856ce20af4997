import { CommanderError } from 'commander';
import { exitCodes, messageOf, RoundsmanError } from '../ground/errors.ts';
import { hasOwnCode } from '../ground/files/own-code.ts';
import { settlesWithin } from '../ground/settles-within.ts';
import { withJsonLast } from '../cli/arguments/json-word.ts';
import { showKept } from '../cli/terminal/page.ts';
import { printError } from '../cli/terminal/print.ts';
import { program } from '../cli/program.ts';
import { demoCommand } from './demo.ts';
import { roundCommand } from './round.ts';
import { schedulerCommand, workerCommand } from './serve.ts';
import { upCommand } from './up.ts';
import { webCommand } from './web.ts';

/** The commands that put the engine together; those that only read and write rows are in src/cli. */
const engineCommands = () => [
  upCommand(),
  roundCommand(),
  demoCommand(),
  schedulerCommand(),
  workerCommand(),
  webCommand(),
];

export const wholeProgram = () => program(engineCommands());

const endWithinMs = 500;

/** Whether the reader of the output, or the terminal, is gone. */
const isClosed = (error: Error & { code?: string }): boolean =>
  ['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED'].includes(error.code ?? '');

const notWritten = (error: Error) =>
  new RoundsmanError({
    what: 'the output could not be written',
    why: messageOf(error),
    hint: 'the command did its work; make room where its output goes, and ask for the output again',
  });

/** Runs one command line and sets the exit code: ok 0, failed 1, usage 2, not found 3, needs attention 6. */
export async function runCommandLine(argv: string[]): Promise<void> {
  // A umask that also takes rights from the owner would make new directories unusable.
  process.umask(process.umask() & 0o077);
  // A closed pipe (`roundsman runs list | head`) or terminal is not a failure, and not a reason to exit at once: what the
  // command has begun, for example its share of the embedded server, is ended in order.
  let unwritten: Error | undefined;
  process.stdout.on('error', (error) => {
    if (!isClosed(error)) unwritten ??= error;
  });
  process.stderr.on('error', () => {});
  try {
    const root = wholeProgram();
    await root.parseAsync(withJsonLast(root, argv));
    await showKept();
  } catch (error) {
    await showKept();
    // Commander has already printed what was wrong. It uses exit code 1 for every wrong command line.
    if (error instanceof CommanderError)
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    else {
      // Loaded only here: a command that needs no database does not need it.
      const { explainFault } = await import('../database/faults/explain-fault.ts');
      process.exitCode = printError(error, explainFault(error));
    }
  }
  // A command whose result could not be written has failed, even if its work is done. A reader that no longer reads
  // is not waited for.
  await settlesWithin(
    endWithinMs,
    new Promise<void>((resolve) => process.stdout.write('', () => resolve())),
  );
  if (unwritten) process.exitCode = printError(notWritten(unwritten), null);
}

/** Runs the command line of this process, which ends soon after a failure. */
export async function main(argv: string[]): Promise<void> {
  await runCommandLine(argv);
  // All work is done. When a login fails, for example because the password is missing, pg leaves its socket open, and
  // the server closes it only after a minute.
  if (process.exitCode) setTimeout(() => process.exit(), endWithinMs).unref();
  // What code of the project has begun may go on for ever. Output that is still being read is waited for.
  else if (hasOwnCode())
    setInterval(() => {
      if (process.stdout.writableLength + process.stderr.writableLength === 0) process.exit();
    }, endWithinMs).unref();
}
