import {
  changeMode,
  countHealsUnderWay,
  currentTime,
  modes,
  readMode,
  type Mode,
  type ModeChange,
} from '../../data/bots/engine.ts';
import { UsageError } from '../../ground/errors.ts';
import { printable, storable } from '../../ground/text.ts';
import { actor } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { counted, facts, json, moment, note, paint, say } from '../terminal/print.ts';

interface ModeOptions {
  reason?: string;
  as?: string;
  json?: true;
}

const meanings: Record<Mode, string> = {
  off: 'nothing is healed',
  safe: 'only safe remedies act alone',
  auto: 'every remedy that has earned it acts alone',
};

/** Characters of a reason that are kept. */
const longestReason = 500;

export async function showMode(options: ModeOptions): Promise<void> {
  if (options.reason !== undefined || options.as !== undefined)
    throw new UsageError({
      what: 'the mode was not changed',
      why: '--reason and --as belong to a change, and no mode was given',
      hint: 'for example npx roundsman mode off --reason "the database is being moved"',
    });
  await withDatabase(async ({ db }) => {
    const now = await readMode(db);
    if (options.json) return json(now);
    print(now, await currentTime(db));
  });
}

export async function setMode(mode: Mode, options: ModeOptions): Promise<void> {
  const reason = options.reason?.trim() || null;
  if (reason && [...reason].length > longestReason)
    throw new UsageError({
      what: 'the mode was not changed',
      why: `the reason is longer than ${longestReason} characters`,
      hint: 'say it shorter',
    });
  await withDatabase(async ({ db }) => {
    const changed = await changeMode(db, mode, {
      by: storable(actor(options.as)),
      reason: reason && storable(reason),
    });
    const now = await readMode(db);
    // Also when it was off already: somebody who asks for it wants to know.
    const underWay = mode === 'off' ? await countHealsUnderWay(db) : 0;
    if (underWay > 0) note(`${counted(underWay, 'heal')} had begun already`);
    if (options.json) return json(now);
    if (!changed) note('it was so already; nothing changed');
    print(now, await currentTime(db));
  });
}

function print({ mode, changed_by, changed_at, reason }: ModeChange, now: Date): void {
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
