import { Command } from 'commander';
import { jsonOption, limitOption } from './options.ts';

/** `roundsman knowledge ...` */
export function knowledgeCommand(): Command {
  const knowledge = new Command('knowledge').description('what helps, and how often it did');
  knowledge
    .command('list')
    .description('every entry with its figures')
    .option(...limitOption, 100)
    .option(...jsonOption)
    .action(async (options) => (await import('./knowledge-list.ts')).listKnowledge(options));
  knowledge
    .command('show <name>')
    .description('one entry: pattern, solution, figures, changes')
    .option(...jsonOption)
    .action(async (name, options) =>
      (await import('./knowledge-show.ts')).showKnowledge(name, options),
    );
  return knowledge;
}
