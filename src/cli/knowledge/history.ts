import { fitting, printable } from '../../ground/text.ts';
import { withDatabase } from '../session/database.ts';
import { eventInWords } from './figures.ts';
import { json, relative, upTo } from '../terminal/print.ts';
import { knowledgeHistory, type KnowledgeEvent } from '../../services/knowledge/history.ts';
import { table } from '../terminal/table.ts';

/** The characters that are shown of a text before and after a change. */
const shownOfText = 40;

export const showHistory = (
  given: string,
  options: { limit: number; json?: true },
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { limit } = options;
    const { now, ...found } = await knowledgeHistory(db, { knowledge: given, limit: limit + 1 });
    const events = upTo(found.events, limit);
    if (options.json) return json(events);
    eventTable(events, now, 'Nothing was changed since it was added.');
  });

/** What was changed, by whom, and because of which figures. */
export const eventTable = (events: KnowledgeEvent[], now: Date, empty: string): void =>
  table(
    ['When', 'What', 'Component', 'Change', 'Figures', 'Who'],
    events.map(({ created_at, event, component, before, after, figures, actor }) => [
      relative(created_at, now),
      printable(event),
      printable(component ?? '-'),
      changeInWords(before, after),
      eventInWords(figures),
      printable(actor),
    ]),
    empty,
    ['Component'],
  );

/** `autonomy: shadow -> suggest`; for a new value only the value. */
function changeInWords(before: unknown, after: unknown): string {
  const was = columnsOf(before);
  const is = columnsOf(after);
  const columns = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const words = columns.map((column) => {
    const pair = [was[column], is[column]].filter((value) => value !== undefined).map(showValue);
    return `${printable(column)}: ${pair.join(' -> ')}`;
  });
  return words.join(', ') || '-';
}

const columnsOf = (value: unknown): { [column: string]: unknown } =>
  value !== null && typeof value === 'object'
    ? (value as { [column: string]: unknown })
    : value === null
      ? {}
      : { value };

const showValue = (value: unknown): string =>
  printable(fitting(typeof value === 'string' ? value : JSON.stringify(value), shownOfText));
