/** One change of all tickets that a filter names: it says how many first, and shows some of them. */
import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import {
  changeInBulk,
  findForBulk,
  refuseAnotherNumber,
  type BulkChange,
  type BulkOutcome,
} from '../../services/tickets/bulk.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { agrees } from '../terminal/ask.ts';
import { withDraft, type Draft } from '../terminal/draft.ts';
import { asNotesFile, asReason } from '../terminal/long-text.ts';
import { counted, printJson, note, say } from '../terminal/print.ts';
import { filterOf, type FilterOptions } from './filters.ts';
import { ticketTable, unknownNames } from './list.ts';

export interface BulkOptions extends FilterOptions {
  yes?: number;
  as?: string;
  json?: true;
}

/** How many tickets are shown before the question. */
const maxShown = 5;

/** The verb with which the change is asked for, and the one with which it is told afterwards. */
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
  given: (draft: Draft) => Promise<BulkChange>,
): Promise<void> =>
  withDraft(change === 'resolve' ? asNotesFile : asReason, (draft) =>
    withDatabase(async ({ db }) => {
      const filter = filterOf(options);
      const { tickets, now } = await findForBulk(db, change, filter);
      if (options.yes !== undefined) refuseAnotherNumber(options.yes, tickets);
      if (tickets.length === 0) {
        for (const each of await unknownNames(db, { ...filter, assignee: filter.assignedTo }))
          note(each);
        if (options.json) return printJson(asDocument({ changed: [], unchanged: [], failed: [] }));
        return say('No such ticket: nothing was changed.');
      }
      if (!options.json) ticketTable(tickets.slice(0, maxShown), now, '');
      if (tickets.length > maxShown) note(`and ${tickets.length - maxShown} more`);
      const complete = await given(draft);
      const question = `${words[change][0]} ${counted(tickets.length, 'ticket')}?`;
      if (options.yes === undefined && !(await agrees(question, `--yes ${tickets.length}`))) {
        draft.keepAnyway();
        return note('nothing was changed');
      }
      const result = await changeInBulk({ db, actor: actorOf(options.as) }, tickets, complete);
      if (result.failed.length > 0) {
        process.exitCode = exitCodes.failed;
        draft.keepAnyway();
      }
      if (options.json) return printJson(asDocument(result));
      tell(words[change][1], result);
    }),
  );

const asDocument = ({ changed, unchanged, failed }: BulkOutcome) => ({
  changed,
  unchanged,
  failed: failed.map(({ ticket: { id, number }, error }) => ({ id, number, ...error })),
});

function tell(did: string, { changed, unchanged, failed }: BulkOutcome): void {
  say(`${did} ${counted(changed.length, 'ticket')}.`);
  if (unchanged.length > 0) say(`${counted(unchanged.length, 'ticket')} had nothing to change.`);
  for (const { error } of failed) say(`${printable(error.what)}: ${printable(error.why)}.`);
  if (failed.length > 0) note(`${counted(failed.length, 'ticket')} could not be changed`);
}
