import { printable } from '../../ground/text.ts';
import type { ListedDecision } from '../../services/tickets/show.ts';
import { relative } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/** What the engine decided about entries, and what people answered. */
export const decisionTable = (decisions: ListedDecision[], now: Date, empty: string): void =>
  table(
    ['When', 'Verdict', 'Knowledge', 'Gate', 'Answer', 'Outcome'],
    decisions.map(({ decided_at, verdict, bot_knowledge, gate, answer, answered_by, outcome }) => [
      relative(decided_at, now),
      verdict,
      printable(bot_knowledge?.name ?? '-'),
      printable(gate ?? '-'),
      answer ? `${answer} by ${printable(answered_by ?? 'a person')}` : '-',
      printable(outcome ?? '-'),
    ]),
    empty,
  );
