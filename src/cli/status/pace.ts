/** How fast things move, in words: what waits, how late slots are claimed, how far the clocks are apart. */
import type { Status } from '../../services/status/show.ts';
import { counted, duration, paint, span } from '../terminal/print.ts';

type Pace = Pick<Status, 'queue' | 'lag' | 'skew' | 'now'>;

export const paceInWords = (pace: Pace): [label: string, words: string][] => [
  ['Queue', queueInWords(pace)],
  ['Scheduler', lagInWords(pace)],
  ['Clock', skewInWords(pace)],
];

function queueInWords({ queue: { due, later, since }, now }: Pace): string {
  const longest = since ? `, the first for ${span(now.getTime() - since.getTime())}` : '';
  const waits = due > 0 ? [`${counted(due, 'run')} due${longest}`] : [];
  const rests = later > 0 ? [`${later} not due yet`] : [];
  return [...waits, ...rests].join('; ') || 'empty';
}

/** With fewer slots than this, the 95th percentile is the largest value, so that all slots lie within it. */
const minSlotsForShare = 20;

function lagInWords({ lag: { p95_ms, newest_ms, slots } }: Pace): string {
  if (p95_ms === null)
    return 'it is not known how late it is: it claimed no slot in the last 24 hours';
  const share = slots < minSlotsForShare ? '' : '95 % of ';
  const of = slots === 1 ? 'the newest slot' : `${share}the newest ${slots} slots`;
  const newest = slots === 1 ? '' : `, the last one ${duration(newest_ms)}`;
  return `claimed ${of} within ${duration(p95_ms)} of ${slots === 1 ? 'its' : 'their'} time${newest}`;
}

function skewInWords({ skew: { skewMs, isWrong } }: Pace): string {
  const words = `this host's is ${duration(Math.abs(skewMs))} ${skewMs < 0 ? 'behind' : 'ahead of'} the database's`;
  return isWrong ? paint('yellow', words) : words;
}
