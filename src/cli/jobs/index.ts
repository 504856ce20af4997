import { Command } from '../arguments/command.ts';
import { asOption, idsArgument, jsonOption, limitOption } from '../arguments/options.ts';
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
  jobs
    .command('history')
    .argument('<name>', 'its name')
    .description('the runs of a job, newest first: when, why, how they ended, and on which host')
    .example('npx roundsman jobs history maintenance')
    .example('npx roundsman jobs history backup --limit 50 --json')
    .option(...limitOption, 20)
    .addOption(listJson())
    .action(async (name, options) => (await import('./history.ts')).jobHistory(name, options));
  jobs
    .command('run')
    .argument('<name>', 'its name')
    .description('ask for a run of a job now; on a terminal, wait for its end')
    .example('npx roundsman jobs run tidy')
    .example('npx roundsman jobs run maintenance --payload \'{"minutes":30}\' --no-wait')
    .option('--payload <json>', 'what the job takes, as JSON ({})')
    .option('--wait', 'wait for its end; exit code 1 unless it succeeds')
    .option('--no-wait', 'do not wait, on a terminal either')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (name, options) => (await import('./run.ts')).runJob(name, options));
  jobs
    .command('cancel')
    .argument(...idsArgument)
    .description(
      'end runs of jobs: at once while they are queued, else as soon as a worker sees it',
    )
    .example('npx roundsman jobs cancel 1a2b3c4d --wait')
    .option('--wait', 'wait for their ends; exit code 1 unless all were cancelled')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (ids, options) => (await import('./cancel.ts')).cancelJobs(ids, options));
  return jobs;
}
