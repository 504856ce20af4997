import { listNodes } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { explainFault } from '../../database/faults/explain-fault.ts';
import { messageOf } from '../../ground/errors.ts';
import { sendCanary, type CanaryResult } from '../progress/canary.ts';
import { stopInWords } from '../progress/canary-stop.ts';
import { duration } from '../../ground/text.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';

/**
 * Sends a canary to see whether a run gets through now. Null if no process is alive that could take it. Calls `onCanary`
 * before it is sent.
 */
export async function examineProgress(db: Db, onCanary: () => void): Promise<Diagnosis | null> {
  if (!(await listNodes(db)).some(({ alive }) => alive)) return null;
  onCanary();
  try {
    return canaryInWords(await sendCanary(db));
  } catch (error) {
    return fail(
      'Progress',
      `a canary run could not be followed: ${messageOf(error)}`,
      explainFault(error)?.hint ?? 'check the database, then run the doctor again',
    );
  }
}

function canaryInWords(canary: CanaryResult): Diagnosis {
  if (canary.passed) {
    const { total, ...legs } = canary.ms;
    const each = Object.entries(legs).map(([leg, ms]) => `${leg} ${duration(ms)}`);
    return {
      ...ok(
        'Progress',
        `a canary run went through claim, queue, child and record in ${duration(total)} (${each.join(', ')})`,
      ),
      canary,
    };
  }
  const diagnose = canary.verdict === 'broken' ? fail : warn;
  return { ...diagnose('Progress', stopInWords(canary), canary.hint), canary };
}
