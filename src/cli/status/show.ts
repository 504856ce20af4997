import { exitCodes } from '../../ground/errors.ts';
import { keptBackInWords } from '../../ground/kept-back.ts';
import { printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { botsThatAre } from '../../services/progress/facts.ts';
import { inOneLine } from '../../services/progress/needs.ts';
import { showStatus as read, type Status } from '../../services/status/show.ts';
import { snoozedLeftOut, ticketTable } from '../tickets/list.ts';
import { printBars } from './bars.ts';
import { asDocument } from './document.ts';
import { figuresOf } from './figures.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

export const showStatus = (options: ShowOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const status = await read(db);
    const { needed } = status;
    if (needed.length > 0) process.exitCode = exitCodes.needsAttention;
    if (isData(options)) return printDocument(asDocument(status), options);
    print.facts(figuresOf(status));
    printBars(status);
    printDetails(status);
    print.say();
    const kept = keptBackInWords(status);
    if (needed.length === 0)
      print.say(
        kept ? `Nothing needs you now; ${kept}.` : print.paint('green', 'Nothing needs you.'),
      );
    else print.say(print.paint('bold', 'Needs you'));
    for (const need of needed) print.say(`  ${printable(inOneLine(need))}`, '    ');
  });

function printDetails(status: Status): void {
  const { now, failures, inError, overdue, tickets } = status;
  if (failures.length > 0) {
    print.section('Newest failures, one for each bot');
    table(
      ['Run', 'Bot', 'Result', 'When', 'Why'],
      failures.map(({ id, name, status, completed_at, reason, error_message }) => [
        print.shortId(id),
        printable(name),
        print.state(status),
        print.relative(completed_at, now),
        printable([reason, error_message].filter(Boolean).join(': ')),
      ]),
      '',
    );
  }
  if (inError.length > 0) {
    print.section(`Bots in error ${print.shownOf(inError.length, botsThatAre(status, 'error'))}`);
    table(
      ['Bot', 'Since', 'Why'],
      inError.map(({ name, status_changed_at, status_reason }) => [
        printable(name),
        print.relative(status_changed_at, now),
        printable(status_reason ?? '-'),
      ]),
      '',
    );
  }
  if (overdue.top.length > 0) {
    print.section(`Overdue bots ${print.shownOf(overdue.top.length, overdue.all)}`);
    table(
      ['Bot', 'Was to run'],
      overdue.top.map(({ name, next_execution_at }) => [
        printable(name),
        next_execution_at ? print.relative(next_execution_at, now) : 'not planned',
      ]),
      '',
    );
  }
  if (tickets.top.length > 0) {
    print.section(`Tickets ${print.shownOf(tickets.top.length, tickets.all - tickets.snoozed)}`);
    ticketTable(tickets.top, now, '');
    if (tickets.snoozed > 0) print.afterwards(snoozedLeftOut(tickets.snoozed));
  }
}
