import { Command } from 'commander';
import { jsonOption, limitOption } from '../arguments/options.ts';

/** `roundsman jobs ...` */
export function jobsCommand(): Command {
  const jobs = new Command('jobs').description("the engine's own recurring work");
  jobs
    .command('list')
    .description('jobs with their next slots, and how their newest runs ended')
    .option(...jsonOption)
    .action(async (options) => (await import('./list.ts')).listJobs(options));
  jobs
    .command('show')
    .argument('<name>', 'its name')
    .description('one job with its newest runs')
    .option(...limitOption, 10)
    .option(...jsonOption)
    .action(async (name, options) => (await import('./show.ts')).showJob(name, options));
  return jobs;
}
