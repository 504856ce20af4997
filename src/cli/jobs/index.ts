import { Command } from '../arguments/command.ts';
import { limitOption } from '../arguments/options.ts';
import { listJson, showJson } from '../arguments/show-options.ts';

/** `roundsman jobs ...` */
export function jobsCommand(): Command {
  const jobs = new Command('jobs').description("the engine's own recurring work");
  jobs
    .command('list')
    .description('jobs with their next slots, and how their newest runs ended')
    .example('npx roundsman jobs list')
    .addOption(listJson({ sortable: true }))
    .action(async (options) => (await import('./list.ts')).listJobs(options));
  jobs
    .command('show')
    .argument('<name>', 'its name')
    .description('one job with its newest runs')
    .example('npx roundsman jobs show tidy')
    .example('npx roundsman jobs show deliver --limit 20')
    .option(...limitOption, 10)
    .addOption(showJson())
    .action(async (name, options) => (await import('./show.ts')).showJob(name, options));
  return jobs;
}
