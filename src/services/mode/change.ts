import {
  changeMode,
  currentMode,
  countHealsUnderWay,
  currentTime,
  readMode,
  type Mode,
  type ModeChange,
} from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';

export { modes, type Mode, type ModeChange } from '../../data/bots/engine.ts';

/** Characters of a reason that are kept. */
const longestReason = 500;

/** The reason as it is kept, null when none is given. Throws UsageError. */
export function modeReasonOf(given: string | undefined): string | null {
  const reason = given?.trim() || null;
  if (reason && [...reason].length > longestReason)
    throw new UsageError({
      what: 'the mode was not changed',
      why: `the reason is longer than ${longestReason} characters`,
      hint: 'say it shorter',
    });
  return reason && storable(reason);
}

export interface CurrentMode {
  mode: ModeChange;
  /** the database's time */
  now: Date;
}

/** The mode, who set it, when and why. */
export const showMode = async (db: Db): Promise<CurrentMode> => ({
  mode: await readMode(db),
  now: await currentTime(db),
});

/** Whether nothing is healed now. */
export const isOff = async (db: Db): Promise<boolean> => (await currentMode(db)) === 'off';

/**
 * Sets the mode of healing. For owners and admins. `changed` is false where it was so already; `underWay` counts heals
 * that had begun when everything was switched off.
 */
export async function setMode(
  { db, actor }: { db: Db; actor: Actor },
  { mode, reason }: { mode: Mode; reason: string | null },
): Promise<CurrentMode & { changed: boolean; underWay: number }> {
  authorise(actor, 'change the mode', 'admin');
  const changed = await changeMode(db, mode, { by: storable(actor.name), reason });
  const now = await readMode(db);
  // Also when it was off already: whoever asks for it wants to know.
  const underWay = mode === 'off' ? await countHealsUnderWay(db) : 0;
  return { mode: now, now: await currentTime(db), changed: Boolean(changed), underWay };
}
