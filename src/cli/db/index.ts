import { Argument, Option } from 'commander';
import { Command } from '../arguments/command.ts';
import { jsonOption, wholeNumber } from '../arguments/options.ts';
import { showJson } from '../arguments/show-options.ts';
import { repeatedOption } from '../arguments/words.ts';
import { addBackupCommands } from './backup-commands.ts';

/** `roundsman db ...` */
export function dbCommand(): Command {
  const db = new Command('db').description('the database and its migrations');
  db.command('migrate')
    .description('apply pending migrations; creates the embedded database if there is none')
    .example('npx roundsman db migrate')
    .example('npx roundsman db migrate --only bots --admin-test public.is_admin')
    .addOption(
      new Option(
        '--only <part>',
        "leave the platform's tables as they are, and install what the engine needs beside them",
      ).choices(['bots']),
    )
    .option(
      '--admin-test <function>',
      "with --only bots: the platform's function that says whether the user who asks is an admin, such as public.is_admin",
    )
    .option(...jsonOption)
    .action(async (options) => (await import('./migrate.ts')).migrate(options));
  db.command('status')
    .description('the server, the queue, and which migrations were applied when')
    .example('npx roundsman db status')
    .addOption(showJson())
    .action(async (options) => (await import('./status.ts')).databaseStatus(options));
  db.command('queue')
    .addArgument(new Argument('<backend>', 'redis or postgres').choices(['redis', 'postgres']))
    .description('switch the backend that moves the runs, while no process is alive')
    .example('npx roundsman db queue redis')
    .option(...jsonOption)
    .action(async (to, options) => (await import('./queue.ts')).switchQueue(to, options));
  db.command('seed')
    .description(
      'plant a fictional platform into an empty database, the same one every time; or faults for bots to find',
    )
    .example('npx roundsman db seed --size medium')
    .example('npx roundsman db seed --fault janitor.expired-sessions')
    .example('npx roundsman db seed --fault all')
    .addOption(
      new Option('--size <size>', 'how large it is')
        .choices(['small', 'medium', 'large'])
        .default('small'),
    )
    .option(
      '--seed <n>',
      'seed of the random numbers: another number gives another platform',
      wholeNumber('--seed', 0, 1_000_000),
      1,
    )
    .addOption(
      repeatedOption(
        '--fault <name>',
        'plant only this problem, beside what is there; all of them with `all`',
      ).conflicts(['size', 'seed']),
    )
    .addOption(
      new Option('--faults', 'list the problems that can be planted').conflicts([
        'fault',
        'size',
        'seed',
      ]),
    )
    .option(...jsonOption)
    .action(async ({ fault, faults, ...options }) => {
      if (faults) return (await import('./faults.ts')).showFaults(options);
      if (fault) return (await import('./faults.ts')).plantFaults(fault, options);
      await (await import('./seed.ts')).seed(options);
    });
  addBackupCommands(db);
  db.command('url')
    .description('the address of the database, for another program')
    .example('npx roundsman db url')
    .example('npx roundsman db url --with-password')
    .option('--with-password', 'with the password, which anybody who sees it can use')
    .option(...jsonOption)
    .action(async (options) => (await import('./url.ts')).databaseUrl(options));
  db.command('shell')
    .argument('[arguments...]', "psql's own; -h and --help after --")
    // Options of psql are typed here as for psql itself.
    .allowUnknownOption()
    .description("PostgreSQL's shell psql on the database")
    .example('npx roundsman db shell')
    .example("npx roundsman db shell -c 'SELECT count(*) FROM bots'")
    .action(async (args) => (await import('./shell.ts')).databaseShell(args));
  return db;
}
