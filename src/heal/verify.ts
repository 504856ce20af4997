import { retryUnderFence, type Fenced } from '../data/bots/fence.ts';
import { askAgain } from '../transitions/actions/ask-again.ts';
import { failCure } from '../transitions/actions/fail.ts';
import { verifyCure } from '../transitions/actions/verify.ts';
import { rememberCure } from '../transitions/findings/remember-cure.ts';
import { resolveHealed } from '../transitions/findings/resolve.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import type { HealContext } from './heal-context.ts';

/** What became of a step: the state of its action, or that no verdict was recorded. */
export type Judged = 'verified' | 'held' | 'failed' | 'unclear';

/**
 * Asks the same check again, about what happened since the cure only, and records the verdict. Either the action is verified
 * (held at once where findings come back by themselves) and the finding is resolved; or the action has failed. When the verdict
 * is unclear, the action stays `applied`: the next clean run verifies it, and the next attempt asks again. For a check of
 * events, a separate `verify` run asks again, for a limited time. `unclear` is also returned when another run has judged the
 * action meanwhile: then that run goes on with the heal.
 */
export async function verify(
  healing: HealContext,
  run: Fenced,
  finding: OpenFinding,
  actionId: string,
  appliedAt: Date,
): Promise<Judged> {
  const verdict = await healing.recheck(finding, appliedAt);
  if (verdict === 'unclear') {
    const within = finding.judgeWithin;
    if (within !== undefined)
      await retryUnderFence(healing, run, (trx) =>
        askAgain(trx, { id: actionId, appliedAt, within }),
      );
    return verdict;
  }
  return retryUnderFence(healing, run, async (trx) => {
    if (verdict === 'failing') return (await failCure(trx, actionId)) ? 'failed' : 'unclear';
    // Each transaction that records results locks a fingerprint's memory before its actions and findings.
    await rememberCure(trx, finding);
    const state = await verifyCure(trx, actionId);
    if (state === null) return 'unclear';
    await resolveHealed(trx, finding, run);
    return state;
  });
}
