import { Argument, Option } from 'commander';
import { Command } from '../arguments/command.ts';
import { jsonOption, limitOption, wholeNumber } from '../arguments/options.ts';
import { listJson, showJson } from '../arguments/show-options.ts';
import { repeatedOption } from '../arguments/words.ts';

const nameArgument = ['<name>', 'the name of the source, which is also its bot'] as const;

const kinds = [
  'alertmanager',
  'grafana',
  'sentry',
  'github',
  'vercel',
  'stripe',
  'standard-webhooks',
  'plain',
];

/** `roundsman sources ...` */
export function sourcesCommand(): Command {
  const sources = new Command('sources').description(
    'other systems that send alarms, which become findings',
  );
  sources
    .command('list')
    .description('every source: its kind, whether it is taken, and what has arrived')
    .example('npx roundsman sources list')
    .addOption(listJson({ sortable: true }))
    .action(async (options) => (await import('./list.ts')).listSources(options));
  sources
    .command('show')
    .argument(...nameArgument)
    .description('one source: its address, what to set at the sender, and its newest deliveries')
    .example('npx roundsman sources show alertmanager')
    .option(...limitOption, 10)
    .addOption(showJson())
    .action(async (name, options) => (await import('./show.ts')).showSource(name, options));
  sources
    .command('add')
    .addArgument(new Argument('<name>', 'what it is called, a part of its address'))
    .description('add a source and its bot, and print what to set at the sender')
    .example('npx roundsman sources add alerts --kind alertmanager --secret ALERTS_TOKEN')
    .example('npx roundsman sources add shop --kind sentry --secret KEY --silent-after 1440')
    .addOption(new Option('--kind <kind>', 'what sends').choices(kinds).makeOptionMandatory())
    .addOption(
      repeatedOption(
        '--secret <name>',
        'a stored secret that proves its deliveries',
      ).makeOptionMandatory(),
    )
    .option(
      '--silent-after <minutes>',
      'report a source that has sent nothing for so long',
      wholeNumber('--silent-after', 1, 525_600),
    )
    .option(...jsonOption)
    .action(async (name, options) => (await import('./change.ts')).addSource(name, options));
  sources
    .command('test')
    .argument(...nameArgument)
    .description(
      'send one signed delivery through the listener and wait until a run has read it; exit code 1 when something is wrong',
    )
    .example('npx roundsman sources test alertmanager')
    .example('npx roundsman sources test alertmanager --url https://alarms.example.org')
    .option('--url <address>', 'where the listener is reached, if not at its own address')
    .option(...jsonOption)
    .action(async (name, options) => (await import('./test.ts')).testSource(name, options));
  sources
    .command('rotate')
    .argument(...nameArgument)
    .description('take another secret beside the present ones, and drop an old one afterwards')
    .example('npx roundsman sources rotate alertmanager --secret ALERTMANAGER_TOKEN_2')
    .example('npx roundsman sources rotate alertmanager --drop ALERTMANAGER_TOKEN')
    .addOption(new Option('--secret <name>', 'a stored secret that proves its deliveries, too'))
    .addOption(new Option('--drop <name>', 'a secret that proves none any more'))
    .option(...jsonOption)
    .action(async (name, options) => (await import('./change.ts')).rotateSource(name, options));
  return sources;
}
