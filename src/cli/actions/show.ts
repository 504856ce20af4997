import { printable } from '../../ground/text.ts';
import {
  showAction as read,
  type ListedAction,
  type Undoable,
} from '../../services/actions/show.ts';
import { actionTable } from './table.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import * as print from '../terminal/print.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

export const showAction = (given: string, options: ShowOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const found = await read({ db, catalogue: loadCatalogue }, { action: given });
    const { action, others, now } = found;
    if (isData(options)) return printDocument({ ...action, bot_actions: others }, options);
    print.say(print.paint('bold', printable(action.action_description)));
    print.say();
    print.facts([
      ['State', print.state(action.state)],
      ['Error', action.error_message && printable(action.error_message)],
      ['Remedy', `${printable(action.remedy)} (${action.risk})`],
      ['Step', `${action.step + 1} of ${others.length + 1}`],
      ['Knowledge', printable(action.bot_knowledge.name ?? '-')],
      ['Bot', printable(action.bots.name ?? '-')],
      ['Component', printable(action.component ?? '-')],
      [
        'Finding',
        action.finding_id && `\`npx roundsman findings show ${print.shortId(action.finding_id)}\``,
      ],
      [
        'Run',
        action.execution_id && `\`npx roundsman runs show ${print.shortId(action.execution_id)}\``,
      ],
      ['Intended', print.moment(action.taken_at, now)],
      ['Applied', print.moment(action.applied_at, now)],
      ['Verify after', print.moment(action.verify_after, now)],
      ['Evidence', evidenceInWords(action, now)],
      ['Verified', action.verified_at && print.moment(action.verified_at, now)],
      ['Hold window', action.hold_until && `until ${print.moment(action.hold_until, now)}`],
      ['Settled', print.moment(action.settled_at, now)],
      ['Undo', undoInWords(action, found.undo, now)],
      ['Heal', action.heal_id],
      ['Id', action.id],
    ]);
    print.section('Evidence');
    print.prose(JSON.stringify(action.evidence, null, 2));
    if (others.length === 0) return;
    print.section('Other steps of this heal');
    actionTable(others, now, '');
  });

/** What an applied step waits for, when its check counts events; else null. */
function evidenceInWords({ state, judge_within, ask_after }: ListedAction, now: Date) {
  if (state !== 'applied' || judge_within === null) return null;
  const again = ask_after ? `; the check is asked again at ${print.moment(ask_after, now)}` : '';
  return `the events since then do not show yet whether it helped${again}`;
}

function undoInWords(action: ListedAction, undoable: Undoable, now: Date): string {
  const { undo_requested_at: asked, undo_requested_by: by } = action;
  const request = asked
    ? `asked for by ${printable(by ?? 'a person')} at ${print.moment(asked, now)}`
    : null;
  if (action.state === 'undone') return request ?? 'done';
  if (request) {
    const { delayed } = undoable;
    return delayed
      ? `${request}; the last run of its bot could not undo it, and the next one tries again: ${printable(delayed)}`
      : `${request}; the next run of its bot does it`;
  }
  const { refusal, obstacle, failed } = undoable;
  const way =
    refusal ??
    (obstacle && 'its remedy cannot undo it') ??
    `\`npx roundsman actions undo ${print.shortId(action.id)}\``;
  return failed ? `${way}; the last try failed: ${printable(failed)}` : way;
}
