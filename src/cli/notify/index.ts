import { Command } from '../arguments/command.ts';
import { asOption, jsonOption, limitOption, ticketArgument } from '../arguments/options.ts';
import { listOption } from '../arguments/words.ts';
import { listJson, showJson, sinceOption } from '../arguments/show-options.ts';
import { addHistoryAndRevert } from '../history/index.ts';

const fileArgument = ['<file>', 'a document in YAML; - is standard input'] as const;

/** `roundsman notify ...` */
export function notifyCommand(): Command {
  const notify = new Command('notify').description(
    'how people are told of tickets: channels, routes, and what was sent',
  );
  notify
    .command('show')
    .description('the channels and routes that are set, and which channels are off')
    .example('npx roundsman notify show')
    .addOption(showJson())
    .action(async (options) => (await import('./document.ts')).showDocument(options));
  notify
    .command('set')
    .argument(...fileArgument)
    .description(
      'set channels, routes and quiet hours; what waits for a channel that is gone is not sent',
    )
    .example('npx roundsman notify set notifications.yaml')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (file, options) => (await import('./document.ts')).setDocument(file, options));
  notify
    .command('check')
    .argument(...fileArgument)
    .description('say what is wrong with a document, and change nothing')
    .example('npx roundsman notify check notifications.yaml')
    .addOption(showJson())
    .action(async (file, options) => (await import('./document.ts')).checkFile(file, options));
  notify
    .command('test')
    .argument('<channel>', 'its name')
    .description('send a test now, from this process; exit code 1 when it was not taken')
    .example('npx roundsman notify test ops')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (channel, options) => (await import('./test.ts')).testChannel(channel, options));
  notify
    .command('preview')
    .argument(...ticketArgument)
    .description('how a message about a ticket would look now, per channel; sends nothing')
    .example('npx roundsman notify preview T-42')
    .example('npx roundsman notify preview T-42 --channel ops')
    .option('--channel <name>', 'only this channel')
    .addOption(showJson())
    .action(async (ticket, options) => (await import('./preview.ts')).preview(ticket, options));
  notify
    .command('explain')
    .argument(...ticketArgument)
    .description('what was told of a ticket, where and when, and why the rest was not')
    .example('npx roundsman notify explain T-42')
    .option(...limitOption, 100)
    .addOption(showJson())
    .action(async (ticket, options) => (await import('./explain.ts')).explain(ticket, options));
  notify
    .command('list')
    .description('messages, the newest first')
    .example('npx roundsman notify list --status failed,pending')
    .example('npx roundsman notify list --channel ops --limit 10')
    .option('--channel <name>', 'only those of this channel')
    .addOption(
      listOption('--status <statuses>', 'only these', [
        'pending',
        'sent',
        'failed',
        'superseded',
      ] as const),
    )
    .addOption(sinceOption('only those made'))
    .option(...limitOption, 50)
    .addOption(listJson())
    .action(async (options) => (await import('./list.ts')).list(options));
  notify
    .command('retry')
    .argument('<channel>', 'the name of a channel, or the id of a message, or its first 4 digits')
    .description('switch a channel on again and send what waits; or send one message again')
    .example('npx roundsman notify retry ops')
    .example('npx roundsman notify retry 1a2b3c4d')
    .option(...asOption)
    .option(...jsonOption)
    .action(async (given, options) => (await import('./retry.ts')).retry(given, options));
  addHistoryAndRevert(notify, {
    kind: 'notifications',
    example: null,
    called: 'the notifications',
  });
  return notify;
}
