import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import {
  modeReasonOf,
  isFreer,
  modes,
  setMode as change,
  showMode as read,
  type Mode,
  type ModeInForce,
} from '../../services/mode/change.ts';
import { actorOf } from '../arguments/actor.ts';
import { goesAhead } from '../terminal/ask.ts';
import { withDatabase } from '../session/database.ts';
import { counted, facts, moment, note, paint, say } from '../terminal/print.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

interface ModeOptions extends ShowOptions {
  reason?: string;
  yes?: true;
  as?: string;
}

const meanings: Record<Mode, string> = {
  off: 'nothing is healed',
  safe: 'only safe remedies act alone',
  auto: 'every entry that has earned it acts alone',
};

export async function showMode(options: ModeOptions): Promise<void> {
  if (options.reason !== undefined || options.as !== undefined)
    throw new UsageError({
      what: 'the mode was not changed',
      why: '--reason and --as belong to a change, and no mode was given',
      hint: 'for example `npx roundsman mode off --reason "the database is being moved"`',
    });
  await withDatabase(async ({ db }) => {
    const { mode, now } = await read(db);
    if (isData(options)) return printDocument(mode, options);
    print(mode, now);
  });
}

export async function setMode(mode: Mode, options: ModeOptions): Promise<void> {
  const reason = modeReasonOf(options.reason);
  await withDatabase(async ({ db }) => {
    const { mode: before } = await read(db);
    const question = `Mode ${before.mode ?? 'not set'} -> ${mode}: ${meanings[mode]}. Set it?`;
    if (isFreer(mode, before.mode) && !(await goesAhead(options, printable(question)))) return;
    const set = await change({ db, actor: actorOf(options.as) }, { mode, reason });
    if (set.underWay > 0) note(`${counted(set.underWay, 'heal')} had begun already`);
    if (isData(options)) return printDocument(set.mode, options);
    if (!set.changed) note('the mode is set already; nothing changed');
    print(set.mode, set.now);
  });
}

function print({ mode, changed_by, changed_at, reason }: ModeInForce, now: Date): void {
  const known = modes.find((each) => each === mode);
  facts([
    [
      'Mode',
      known
        ? `${paint(known === 'off' ? 'yellow' : 'bold', known)}: ${meanings[known]}`
        : paint('red', `${mode === null ? 'not set' : printable(mode)}: nothing is healed`),
    ],
    ['Since', moment(changed_at, now)],
    ['Set by', changed_by && printable(changed_by)],
    ['Because', reason && printable(reason)],
  ]);
  if (!known) say('`npx roundsman mode safe` sets it.');
}
