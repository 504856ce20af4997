import type { Command } from 'commander';
import { isPaged, kindOf, type ListOptions } from '../arguments/show-options.ts';
import { keepForPager } from '../terminal/page.ts';
import { noteZone } from '../terminal/own-zone.ts';
import { showTimesAs } from '../terminal/times.ts';
import { isData } from './document.ts';
import { formOf, isTable } from './list.ts';

/**
 * Sets, before a command begins, how it shows times and whether a pager may show its output. Where a person reads times, it notes
 * a TZ that cannot be used. In lines for other programs times are ISO 8601, because `5m ago` is wrong when it is read later.
 */
export function beginShowing(command: Command): void {
  const kind = kindOf(command);
  const options = command.opts<ListOptions>();
  const isForProgram = kind?.kind === 'rows' && ['tsv', 'csv'].includes(formOf(options));
  showTimesAs(options.time ?? (isForProgram ? 'iso' : undefined));
  const isForPerson = kind?.kind === 'rows' ? isTable(options) : !isData(options);
  if ((kind && isForPerson && command.name() !== 'doctor') || command.name() === 'review')
    noteZone();
  if (isPaged(command) && options.pager !== false) keepForPager();
}
