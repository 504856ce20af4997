import { counted } from '../../ground/text.ts';
import type { Report } from '../../report/report.ts';
import { isNotable } from '../../report/words.ts';
import type { Parts } from './parts.ts';

/** How many bots, and how many gaps, are shown for each event that a message of this size may have. */
const perEvent = 2;

/** A report as data, with as many gaps as there is room for, and all bots or only those with something to look at. */
export function shortReport(
  report: Report,
  {
    events,
    text,
  }: { events: number; text: (what: string, given: string, most?: number) => string },
  parts: Parts,
): Report {
  const most = perEvent * events;
  const bots =
    report.bots.length <= most ? report.bots : report.bots.filter(isNotable).slice(0, most);
  const gaps = report.gaps.slice(0, most);
  const left = [
    [report.bots.length - bots.length, 'bot'],
    [report.gaps.length - gaps.length, 'gap'],
  ] as const;
  for (const [count, noun] of left) if (count > 0) parts.leftOut(counted(count, noun));
  return {
    ...report,
    bots,
    gaps,
    needs: report.needs.map((need) => ({ ...need, what: text('what is to do', need.what, 1_000) })),
  };
}
