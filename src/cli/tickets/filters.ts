/** Which tickets are meant: the same options for a list and for a change of many. */
import { Option } from 'commander';
import type { Moment } from '../../services/bots/backfill.ts';
import type { TicketRow } from '../../services/tickets/list.ts';
import { actorName } from '../arguments/actor.ts';
import { moment } from '../arguments/durations.ts';
import { listOption } from '../arguments/words.ts';
import type { Command } from '../arguments/command.ts';
import { severityWords } from '../terminal/print.ts';

export interface FilterOptions {
  status?: TicketRow['status'][];
  severity?: TicketRow['severity'][];
  assignedTo?: string;
  bot?: string;
  component?: string;
  category?: string;
  overdue?: true;
  reopened?: true;
  since?: Moment;
  match?: string;
  snoozed?: true;
}

export const statusOption = () =>
  listOption('--status <status>', 'only those', ['open', 'assigned', 'resolved', 'closed']);

export const snoozedOption = () =>
  new Option('--snoozed', 'only those that are snoozed, which are left out otherwise');

/** Adds all of these options but `--status` and `--snoozed`, which conflict with other options of some commands. */
export const withFilters = (command: Command): Command =>
  command
    .addOption(listOption('--severity <severity>', 'only these', severityWords))
    .option('--assigned-to <who>', 'only theirs; me is the account that runs the command')
    .option('--bot <name>', 'only of this bot')
    .option('--component <name>', "only about this component, a storm's too")
    .option('--category <name>', 'only of findings of this category')
    .option('--overdue', 'only those past their response target')
    .option('--reopened', 'only those that were ever reopened')
    .addOption(
      new Option(
        '--since <time>',
        "opened since a time or a duration ago: '2026-11-22 09:00', 24h",
      ).argParser(moment('--since')),
    )
    .option('--match <text>', 'only with this in title or description');

/** The filter that the options describe; `me` is the account that runs the command. */
export function filterOf(options: FilterOptions) {
  const { status, severity, assignedTo, bot, component, category } = options;
  const { overdue, reopened, since, match, snoozed } = options;
  return {
    status,
    severity,
    bot,
    component,
    category,
    overdue,
    reopened,
    since,
    match,
    snoozed,
    assignedTo: assignedTo === 'me' ? actorName() : assignedTo,
  };
}
