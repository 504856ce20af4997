import { printable } from '../../ground/text.ts';
import type { ActionRow } from '../../services/actions/list.ts';
import { relative, state } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/** What was done about a problem: steps of heals. */
export const actionTable = (actions: ActionRow[], now: Date, empty: string): void =>
  table(
    ['When', 'State', 'Remedy', 'Risk', 'Step', 'What'],
    actions.map((action) => [
      relative(action.taken_at, now),
      state(action.state),
      printable(action.remedy),
      action.risk,
      // `actions show` counts steps from 1, too.
      String(action.step + 1),
      printable([action.action_description, action.error_message].filter(Boolean).join(': ')),
    ]),
    empty,
    ['Step', 'Risk'],
  );
