import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import type { Record } from '../../heal/judging/figures.ts';
import type { Harm } from '../../heal/judging/harm.ts';
import { checkPattern } from '../../heal/patterns/pattern.ts';
import { printable, share } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { liftInWords, lowerBound, recentInWords, untouchedInWords } from './figures.ts';
import { eventTable } from './history.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { showKnowledge as read } from '../../services/knowledge/show.ts';

export const showKnowledge = (given: string, options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { entry, components, events, figures, now } = await read(db, { knowledge: given });
    if (options.json)
      return print.json({
        ...entry,
        figures: { ...figures.records.all, untouched: figures.untouched, lift: figures.lift },
        bot_knowledge_autonomy: components,
        bot_knowledge_events: events,
      });

    const outcomes = figures.records.all;
    print.say(print.paint('bold', printable(entry.name)));
    print.say();
    print.facts([
      ['Category', printable(entry.category)],
      ['Autonomy', `${entry.autonomy}${entry.enabled ? '' : ', not enabled'}`],
      ['Pattern', printable(entry.issue_pattern)],
      ['Not sound', unsound(entry.issue_pattern)],
      ['Applied', print.counted(entry.times_applied ?? 0, 'time')],
      ['Decided', decided(outcomes)],
      ['Rate', outcomes.decided > 0 ? `${Number(entry.success_rate)} % held` : '-'],
      ['Lower bound', lowerBound(outcomes)],
      ['Upper bound', outcomes.decided > 0 ? share(outcomes.upper) : '-'],
      ['Worst stretch', recentInWords(outcomes) ?? '-'],
      ['Untouched', untouchedInWords(figures.untouched) ?? 'none seen'],
      ['Lift', liftInWords(figures)],
      ['Harm', harmOf(entry.aftermath)],
      ['Last relapse', print.moment(outcomes.lastRelapse, now) ?? 'never'],
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

/** What the newest judgement found to begin because of it; nothing where it found nothing. */
function harmOf(aftermath: unknown): string | null {
  const { why } = (aftermath ?? {}) as Partial<Harm>;
  return typeof why === 'string' ? printable(why) : null;
}

/** Why the door would refuse a pattern that got in by another way: it may match nothing, or cost too much to try. */
function unsound(pattern: string): string | null {
  try {
    checkPattern(pattern);
    return null;
  } catch (error) {
    return printable(error instanceof RoundsmanError ? error.why : messageOf(error));
  }
}

const decided = ({ decided, held, relapsed, failed }: Record): string =>
  decided === 0 ? 'nothing yet' : `${held} held, ${relapsed} relapsed, ${failed} failed`;
