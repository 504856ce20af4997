import { outcomesOf, type Outcomes } from '../data/bots/bot-knowledge.ts';
import { currentTime } from '../data/bots/engine.ts';
import { messageOf, RoundsmanError } from '../errors.ts';
import { checkPattern } from '../heal/pattern.ts';
import { printable } from '../text.ts';
import { withDatabase } from './database.ts';
import * as print from './print.ts';
import { table } from './table.ts';
import { knowledgeOf } from './references.ts';

const mostComponents = 100;
const newestEvents = 20;

export const showKnowledge = (given: string, options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const entry = await knowledgeOf(db, given);
    const components = await db
      .selectFrom('bot_knowledge_autonomy')
      .selectAll()
      .where('knowledge_id', '=', entry.id)
      .orderBy('component')
      .limit(mostComponents)
      .execute();
    const events = await db
      .selectFrom('bot_knowledge_events')
      .selectAll()
      .where('knowledge_id', '=', entry.id)
      .orderBy('id', 'desc')
      .limit(newestEvents)
      .execute();
    if (options.json)
      return print.json({
        ...entry,
        bot_knowledge_autonomy: components,
        bot_knowledge_events: events,
      });

    const now = await currentTime(db);
    const outcomes = await outcomesOf(db, entry.id);
    print.say(print.paint('bold', printable(entry.name)));
    print.say();
    print.facts([
      ['Category', printable(entry.category)],
      ['Autonomy', `${entry.autonomy}${entry.enabled ? '' : ', not enabled'}`],
      ['Pattern', printable(entry.issue_pattern)],
      ['Not sound', unsound(entry.issue_pattern)],
      ['Applied', print.counted(entry.times_applied ?? 0, 'time')],
      ['Decided', decided(outcomes)],
      [
        'Rate',
        outcomes.held + outcomes.relapsed + outcomes.failed > 0
          ? `${Number(entry.success_rate)} % held`
          : '-',
      ],
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
    table(
      ['When', 'What', 'Component', 'Before', 'After', 'Who'],
      events.map(({ created_at, event, component, before, after, actor }) => [
        print.relative(created_at, now),
        printable(event),
        printable(component ?? '-'),
        shown(before),
        shown(after),
        printable(actor),
      ]),
      'None.',
    );
  });

/** Why the door would refuse a pattern that got in by another way: it may match nothing, or cost too much to try. */
function unsound(pattern: string): string | null {
  try {
    checkPattern(pattern);
    return null;
  } catch (error) {
    return printable(error instanceof RoundsmanError ? error.why : messageOf(error));
  }
}

const decided = ({ held, relapsed, failed }: Outcomes): string =>
  held + relapsed + failed === 0
    ? 'nothing yet'
    : `${held} held, ${relapsed} relapsed, ${failed} failed`;

const shown = (value: unknown): string =>
  value === null ? '-' : printable(typeof value === 'string' ? value : JSON.stringify(value));
