import { setTimeout as sleep } from 'node:timers/promises';
import type { Fenced } from '../data/bots/fence.ts';
import { findAbandoned, takeUp } from './adopt.ts';
import { apply } from './apply.ts';
import { decide, intendNext, type Heal } from './decide.ts';
import { match } from './match.ts';
import type { Action, Healing, Patient } from './patient.ts';
import { verify } from './verify.ts';

export interface Healed {
  /** steps that were applied */
  actions: number;
  healed: boolean;
}

/**
 * One finding: what a dead attempt left behind is taken up first; else match, choose, gate, and then
 * up the ladder: apply, verify, and the next step only if the check still fails.
 */
export async function heal(healing: Healing, run: Fenced, finding: Patient): Promise<Healed> {
  const { candidates } = await match(healing.db, healing.catalogue, finding);
  const abandoned = await findAbandoned(healing.db, run.id, finding);
  const begun =
    (abandoned && (await takeUp(healing, run, finding, abandoned, candidates))) ??
    (candidates.length > 0 ? await decide(healing, run, finding, candidates) : null);
  return begun ? climb(healing, run, finding, begun) : { actions: 0, healed: false };
}

async function climb(
  healing: Healing,
  run: Fenced,
  finding: Patient,
  begun: Heal,
): Promise<Healed> {
  const healed: Healed = { actions: 0, healed: false };
  let action: Action | null = begun.action;
  while (action && !healing.signal.aborted) {
    const before = action.applied_at;
    const appliedAt =
      before ?? (await apply(healing, run, finding, action, begun.steps[action.step]!));
    // Nobody can tell whether it happened: nothing more is tried on top of it.
    if (appliedAt === 'unfinished') return healed;
    if (appliedAt && !before) healed.actions += 1;
    const step = begun.steps[action.step];
    if (appliedAt && !(await verifiable(healing, appliedAt, step?.verifyAfter ?? null)))
      return healed;
    // A step that threw changed nothing; but the problem may be gone by itself meanwhile.
    const verdict = appliedAt
      ? await verify(healing, run, finding, action.id, appliedAt)
      : await healing.recheck(finding, null);
    if (verdict !== 'failing')
      return { ...healed, healed: appliedAt !== null && verdict === 'clean' };
    action = await intendNext(healing, run, finding, begun, action.step + 1);
  }
  return healed;
}

/** What a run leaves for the checks after a wait. */
const reserveMs = 1_000;

/**
 * Waits until a step may be judged. False when that is behind the run's deadline: then the action stays
 * `applied`, and the bot's next run judges it.
 */
async function verifiable(
  { now, leftMs, signal }: Healing,
  appliedAt: Date,
  afterSeconds: number | null,
): Promise<boolean> {
  const waitMs = appliedAt.getTime() + (afterSeconds ?? 0) * 1_000 - now().getTime();
  if (afterSeconds === null || waitMs <= 0) return true;
  if (waitMs > leftMs() - reserveMs) return false;
  await sleep(waitMs, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}
