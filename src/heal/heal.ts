import { setTimeout as sleep } from 'node:timers/promises';
import type { Fenced } from '../data/bots/fence.ts';
import { findAbandoned, continueAbandoned } from './continue-abandoned.ts';
import { apply } from './apply.ts';
import { decide, intendNext, type Heal } from './decide.ts';
import { match, type Candidate } from './match.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import type { Action, HealContext } from './heal-context.ts';
import { verify } from './verify.ts';

/** What healing one finding has done. */
export interface HealResult {
  /** how many steps were applied */
  actions: number;
  healed: boolean;
  /** the last of these steps can only be judged after this run: at its `verify_after`, or its `ask_after` */
  later: boolean;
  /** names of entries of which it is not known whether they match: time was up, or they are too expensive to try */
  untried: string[];
}

const nothingDone: HealResult = { actions: 0, healed: false, later: false, untried: [] };

/**
 * Heals one finding. If a lost attempt left an action unfinished, continues its heal. Otherwise: match, choose, gates; then
 * for each step: apply and verify, and the next step only if the check still fails.
 */
export async function heal(
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
): Promise<HealResult> {
  const { candidates, untried } = await match(healing.db, healing.catalogue, finding);
  const begun =
    (await resumeHeal(healing, run, finding, candidates)) ??
    (candidates.length > 0 ? await begin(healing, run, finding, candidates) : null);
  return { ...(begun ? await applySteps(healing, run, finding, begun) : nothingDone), untried };
}

async function begin(
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
  candidates: Candidate[],
): Promise<Heal | null> {
  const begun = await decide(healing, run, finding, candidates);
  if (begun) emitStep(healing, 'intended', { run, finding, begun, action: begun.action });
  return begun;
}

/** Emits the event for the new state of a step. */
function emitStep(
  { emit }: HealContext,
  what: 'intended' | 'applied' | 'verified' | 'held' | 'failed',
  step: { run: Fenced; finding: OpenFinding; begun: Heal; action: Action },
): void {
  const { run, finding, begun, action } = step;
  emit(`heal.${what}`, {
    run: run.id,
    action: action.id,
    remedy: begun.steps[action.step]?.remedy.name ?? null,
    component: finding.affected_component,
    fingerprint: finding.fingerprint,
  });
}

/** Continues a heal of this finding that another run has begun, and begins no heal itself. */
export async function resume(
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
): Promise<HealResult> {
  const { candidates, untried } = await match(healing.db, healing.catalogue, finding);
  const begun = await resumeHeal(healing, run, finding, candidates);
  return { ...(begun ? await applySteps(healing, run, finding, begun) : nothingDone), untried };
}

async function resumeHeal(
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
  candidates: Candidate[],
): Promise<Heal | null> {
  const abandoned = await findAbandoned(healing.db, run.id, finding);
  return abandoned ? continueAbandoned(healing, run, finding, abandoned, candidates) : null;
}

async function applySteps(
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
  begun: Heal,
): Promise<HealResult> {
  const healed = { ...nothingDone };
  let action: Action | null = begun.action;
  while (action && !healing.signal.aborted) {
    const before = action.applied_at;
    const appliedAt = before ?? (await apply(healing, run, finding, begun, action));
    // It is not known whether the effect happened, or a fault stopped it: no further step is tried on top of it.
    if (appliedAt === 'unfinished') return healed;
    const step = { run, finding, begun, action };
    if (appliedAt && !before) {
      healed.actions += 1;
      emitStep(healing, 'applied', step);
    }
    // The run was stopped while the step was under way: the next run asks whether the problem is gone.
    if (!appliedAt && healing.signal.aborted) return healed;
    if (appliedAt && !(await waitUntilDue(healing, dueAt(begun, action, appliedAt))))
      return { ...healed, later: true };
    if (appliedAt) {
      const judged = await verify(healing, run, finding, action.id, appliedAt);
      if (judged === 'unclear') return { ...healed, later: finding.judgeWithin !== undefined };
      emitStep(healing, judged, step);
      if (judged !== 'failed') return { ...healed, healed: true };
    }
    // A step that threw changed nothing; but the problem may have gone away by itself meanwhile.
    else if ((await healing.recheck(finding, null)) !== 'failing') return healed;
    if (healing.signal.aborted) return healed;
    action = await intendNext(healing, run, finding, begun, action.step + 1);
    if (action) emitStep(healing, 'intended', { ...step, action });
  }
  return healed;
}

/** How much of its time a run reserves for the checks after a wait. */
const reserveMs = 1_000;

/** When a step may be judged: the time that was recorded with the step counts, whatever the entry says now. */
function dueAt({ steps }: Heal, { step, verify_after }: Action, appliedAt: Date): Date | null {
  if (verify_after !== undefined) return verify_after;
  const seconds = steps[step]?.verifyAfter ?? null;
  return seconds === null ? null : new Date(appliedAt.getTime() + seconds * 1_000);
}

/**
 * Waits until a step may be judged. False when that time is after the run's deadline, or when healing is stopped
 * meanwhile: then the action stays `applied`, and a later run judges it.
 */
async function waitUntilDue(
  { now, leftMs, signal }: HealContext,
  due: Date | null,
): Promise<boolean> {
  const waitMs = due === null ? 0 : due.getTime() - now().getTime();
  if (waitMs <= 0) return true;
  if (waitMs > leftMs() - reserveMs) return false;
  await sleep(waitMs, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}
