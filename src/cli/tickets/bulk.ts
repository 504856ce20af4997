/** One change of all tickets that a filter names: it says how many first, and shows some of them. */
import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import {
  changeInBulk,
  findForBulk,
  refuseAnotherNumber,
  type BulkChange,
  type BulkDone,
} from '../../services/tickets/bulk.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { agrees } from '../terminal/ask.ts';
import { counted, json, note, say } from '../terminal/print.ts';
import { filterOf, type FilterOptions } from './filters.ts';
import { ticketTable } from './list.ts';

export interface BulkOptions extends FilterOptions {
  yes?: number;
  as?: string;
  json?: true;
}

/** So many are shown before the question. */
const shown = 5;

/** How the change is asked for, and told afterwards. */
const words: Record<BulkChange['change'], [string, string]> = {
  ack: ['Acknowledge', 'Acknowledged'],
  assign: ['Assign', 'Assigned'],
  unassign: ['Unassign', 'Unassigned'],
  snooze: ['Snooze', 'Snoozed'],
  resolve: ['Resolve', 'Resolved'],
  close: ['Close', 'Closed'],
  reopen: ['Reopen', 'Reopened'],
  severity: ['Rate', 'Rated'],
  comment: ['Comment on', 'Commented on'],
};

export const changeAll = (
  options: BulkOptions,
  change: BulkChange['change'],
  given: () => Promise<BulkChange>,
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { tickets, now } = await findForBulk(db, change, filterOf(options));
    if (options.yes !== undefined) refuseAnotherNumber(options.yes, tickets);
    if (tickets.length === 0) {
      if (options.json) return json(document({ changed: [], unchanged: [], failed: [] }));
      return say('No such ticket: nothing was changed.');
    }
    if (!options.json) ticketTable(tickets.slice(0, shown), now, '');
    if (tickets.length > shown) note(`and ${tickets.length - shown} more`);
    const done = await given();
    const question = `${words[change][0]} ${counted(tickets.length, 'ticket')}?`;
    if (options.yes === undefined && !(await agrees(question, `--yes ${tickets.length}`)))
      return note('nothing was changed');
    const result = await changeInBulk({ db, actor: actorOf(options.as) }, tickets, done);
    if (result.failed.length > 0) process.exitCode = exitCodes.failed;
    if (options.json) return json(document(result));
    tell(words[change][1], result);
  });

const document = ({ changed, unchanged, failed }: BulkDone) => ({
  changed,
  unchanged,
  failed: failed.map(({ ticket: { id, number }, error }) => ({ id, number, ...error })),
});

function tell(did: string, { changed, unchanged, failed }: BulkDone): void {
  say(`${did} ${counted(changed.length, 'ticket')}.`);
  if (unchanged.length > 0) say(`${counted(unchanged.length, 'ticket')} had nothing to change.`);
  for (const { error } of failed) say(`${printable(error.what)}: ${printable(error.why)}.`);
  if (failed.length > 0) note(`${counted(failed.length, 'ticket')} could not be changed`);
}
