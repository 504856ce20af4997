import { Command } from 'commander';
import { jsonOption, limitOption } from '../arguments/options.ts';
import { listOption } from '../arguments/words.ts';

const asOption = ['--as <name>', 'who does this (the account that runs the command)'] as const;
const fileArgument = ['<file>', 'a document in YAML; - is standard input'] as const;
const ticketArgument = ['<ticket>', 'its number, T-42 or 42, or its id'] as const;

/** `roundsman notify ...` */
export function notifyCommand(): Command {
  const notify = new Command('notify').description(
    'how people are told of tickets: channels, routes, and what was sent',
  );
  notify
    .command('show')
    .description('the channels and routes that are set, and which channels are off')
    .option(...jsonOption)
    .action(async (options) => (await import('./document.ts')).showDocument(options));
  notify
    .command('set')
    .argument(...fileArgument)
    .description(
      'set channels, routes and quiet hours; what waits for a channel that is gone fails',
    )
    .option(...asOption)
    .option(...jsonOption)
    .action(async (file, options) => (await import('./document.ts')).setDocument(file, options));
  notify
    .command('check')
    .argument(...fileArgument)
    .description('say what is wrong with a document, and change nothing')
    .option(...jsonOption)
    .action(async (file, options) => (await import('./document.ts')).checkFile(file, options));
  notify
    .command('test')
    .argument('<channel>', 'its name')
    .description('send a test now, from this process; exit code 1 when it was not taken')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (channel, options) => (await import('./test.ts')).testChannel(channel, options));
  notify
    .command('preview')
    .argument(...ticketArgument)
    .description('how a message about a ticket would look now, per channel; sends nothing')
    .option('--channel <name>', 'only this channel')
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./preview.ts')).preview(ticket, options));
  notify
    .command('explain')
    .argument(...ticketArgument)
    .description('what was told of a ticket, where and when, and why the rest was not')
    .option(...limitOption, 100)
    .option(...jsonOption)
    .action(async (ticket, options) => (await import('./explain.ts')).explain(ticket, options));
  notify
    .command('list')
    .description('messages, the newest first')
    .option('--channel <name>', 'only those of this channel')
    .addOption(
      listOption('--status <statuses>', 'only these', [
        'pending',
        'sent',
        'failed',
        'superseded',
      ] as const),
    )
    .option(...limitOption, 50)
    .option(...jsonOption)
    .action(async (options) => (await import('./list.ts')).list(options));
  notify
    .command('retry')
    .argument('<channel>', 'the name of a channel, or the id of a message, or its first 4 digits')
    .description('switch a channel on again and send what waits; or send one message again')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (given, options) => (await import('./retry.ts')).retry(given, options));
  return notify;
}
