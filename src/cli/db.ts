import { Command } from 'commander';
import { jsonOption } from './options.ts';

/** `roundsman db ...` */
export function dbCommand(): Command {
  const db = new Command('db').description('the database and its migrations');
  db.command('migrate')
    .description('apply what is pending; makes the embedded database if there is none')
    .option(...jsonOption)
    .action(async (options) => (await import('./db-migrate.ts')).migrate(options));
  db.command('status')
    .description('the server, the queue, and which migrations were applied when')
    .option(...jsonOption)
    .action(async (options) => (await import('./db-status.ts')).databaseStatus(options));
  db.command('queue')
    .argument('<backend>', 'redis or postgres')
    .description('switch the backend that moves the runs, while no process is alive')
    .option(...jsonOption)
    .action(async (to, options) => (await import('./db-queue.ts')).switchQueue(to, options));
  return db;
}
