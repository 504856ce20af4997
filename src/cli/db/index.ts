import { Argument, Command, Option } from 'commander';
import { jsonOption, wholeNumber } from '../arguments/options.ts';

/** `roundsman db ...` */
export function dbCommand(): Command {
  const db = new Command('db').description('the database and its migrations');
  db.command('migrate')
    .description('apply what is pending; makes the embedded database if there is none')
    .option(...jsonOption)
    .action(async (options) => (await import('./migrate.ts')).migrate(options));
  db.command('status')
    .description('the server, the queue, and which migrations were applied when')
    .option(...jsonOption)
    .action(async (options) => (await import('./status.ts')).databaseStatus(options));
  db.command('queue')
    .addArgument(new Argument('<backend>', 'redis or postgres').choices(['redis', 'postgres']))
    .description('switch the backend that moves the runs, while no process is alive')
    .option(...jsonOption)
    .action(async (to, options) => (await import('./queue.ts')).switchQueue(to, options));
  db.command('seed')
    .description('plant a fictional platform into an empty database, the same one every time')
    .addOption(
      new Option('--size <size>', 'how much')
        .choices(['small', 'medium', 'large'])
        .default('small'),
    )
    .option(
      '--seed <n>',
      'another number gives another platform',
      wholeNumber('--seed', 0, 1_000_000),
      1,
    )
    .option(...jsonOption)
    .action(async (options) => (await import('./seed.ts')).seed(options));
  return db;
}
