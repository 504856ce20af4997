import { printable, share } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { liftInWords, lowerBound, recentInWords, untouchedInWords } from './figures.ts';
import { eventTable } from './history.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { showKnowledge as read } from '../../services/knowledge/show.ts';
import type { TrackRecord, Tried } from '../../services/knowledge/stats.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

export const showKnowledge = (given: string, options: ShowOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const shown = await read(db, { knowledge: given });
    const { entry, components, events, figures, now } = shown;
    if (isData(options))
      return printDocument(
        {
          ...entry,
          figures: { ...figures.records.all, untouched: figures.untouched, lift: figures.lift },
          tried: shown.tried,
          bot_knowledge_autonomy: components,
          bot_knowledge_events: events,
        },
        options,
      );

    const outcomes = figures.records.all;
    print.say(print.paint('bold', printable(entry.name)));
    print.say();
    print.facts([
      ['Category', printable(entry.category)],
      ['Autonomy', `${entry.autonomy}${entry.enabled ? '' : ', not enabled'}`],
      ['Removed', print.moment(entry.removed_at, now)],
      ['Pattern', printable(entry.issue_pattern)],
      ['Not sound', shown.unsound && printable(shown.unsound)],
      ['Applied', appliedInWords(entry.times_applied ?? 0, shown.tried)],
      ['Decided', decidedInWords(outcomes)],
      ['Rate', outcomes.decided > 0 ? `${rate(outcomes)} % held` : '-'],
      ['Lower bound', lowerBound(outcomes)],
      ['Upper bound', outcomes.decided > 0 ? share(outcomes.upper) : '-'],
      ['Worst stretch', recentInWords(outcomes) ?? '-'],
      ['Untouched', untouchedInWords(figures.untouched) ?? 'none seen'],
      ['Lift', liftInWords(figures)],
      ['Harm', shown.harm && printable(shown.harm)],
      ['Last relapse', print.moment(outcomes.lastRelapse, now) ?? 'never'],
      ['Earlier', earlierInWords(shown.tried, now)],
      ['Half-life', print.counted(entry.half_life_days, 'day')],
      ['Last used', print.moment(entry.last_used_at, now) ?? 'never'],
      ['Edited', print.moment(entry.updated_at, now)],
      ['Id', entry.id],
    ]);
    print.section('Solution');
    print.prose(entry.solution);
    if (components.length > 0) {
      print.section('Autonomy by component');
      table(
        ['Component', 'Autonomy', 'Since'],
        components.map(({ component, autonomy, changed_at }) => [
          printable(component),
          autonomy,
          print.relative(changed_at, now),
        ]),
        '',
      );
    }
    print.section('Changes');
    eventTable(events, now, 'None.');
  });

/** The columns of the entry count heals of every solution that it had. */
const appliedInWords = (times: number, { earlier }: Tried): string =>
  `${print.counted(times, 'time')}${earlier > 0 ? `, ${earlier} of them with an earlier solution` : ''}`;

/** To two digits, as `success_rate`. */
const rate = ({ held, decided }: TrackRecord): number =>
  Number(((100 * held) / decided).toFixed(2));

/** What came of solutions that were replaced; the figures say nothing of them. */
const earlierInWords = (
  { replaced_at, earlier: count, earlier_decided, earlier_held }: Tried,
  now: Date,
): string | null =>
  count > 0
    ? `${earlier_held} of ${earlier_decided} decided heals held with solutions before ${print.moment(replaced_at, now)}; from 'Decided' on, the figures are of the present one`
    : null;

const decidedInWords = ({ decided, held, relapsed, failed }: TrackRecord): string =>
  decided === 0 ? 'nothing yet' : `${held} held, ${relapsed} relapsed, ${failed} failed`;
