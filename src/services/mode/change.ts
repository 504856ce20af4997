import {
  modes,
  changeMode,
  currentMode,
  countHealsUnderWay,
  currentTime,
  readMode,
  type Mode,
  type ModeInForce,
} from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { changing } from '../changing.ts';

export { modes, type Mode, type ModeInForce } from '../../data/bots/engine.ts';

/** How many characters a reason may have. */
const maxReasonLetters = 500;

/** The reason in its stored form, null when none is given. Throws UsageError. */
export function modeReasonOf(given: string | undefined): string | null {
  const reason = given?.trim() || null;
  if (reason && [...reason].length > maxReasonLetters)
    throw new UsageError({
      what: 'the mode was not changed',
      why: `the reason is longer than ${maxReasonLetters} characters`,
      hint: 'give a shorter one',
    });
  return reason && storable(reason);
}

export interface CurrentMode {
  mode: ModeInForce;
  /** the database's time */
  now: Date;
}

/** The mode, who set it, when and why. */
export const showMode = async (db: Db): Promise<CurrentMode> => ({
  mode: await readMode(db),
  now: await currentTime(db),
});

/** Whether remedies may do more in this mode than in the other one; a mode that is not set, or not known, allows nothing. */
export const isFreer = (mode: Mode, than: string | null): boolean =>
  modes.indexOf(mode) > Math.max(0, modes.indexOf(than as Mode));

/** Whether the mode is off: no remedy acts. */
export const isOff = async (db: Db): Promise<boolean> => (await currentMode(db)) === 'off';

/**
 * Sets the mode of healing. For owners and admins. `changed` is false if the mode was set already; `underWay` counts
 * heals that had begun when the mode became off.
 */
export async function setMode(
  { db, actor }: { db: Db; actor: Actor },
  { mode, reason }: { mode: Mode; reason: string | null },
): Promise<CurrentMode & { changed: boolean; underWay: number }> {
  authorise(actor, 'change the mode', 'admin');
  const changed = await changing(
    { db, actor },
    (trx) => changeMode(trx, mode, { by: storable(actor.name), reason }),
    reason,
  );
  const current = await readMode(db);
  // Counted also when the mode was off already, because the person wants to know.
  const underWay = mode === 'off' ? await countHealsUnderWay(db) : 0;
  return { mode: current, now: await currentTime(db), changed: Boolean(changed), underWay };
}
