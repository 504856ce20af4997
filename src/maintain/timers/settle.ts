import { settle } from '../settle.ts';
import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

/** How long an entry is not judged again after a judgement, however many outcomes and processes there are. */
const minSecondsBetweenJudgements = 5;

export const settleTimer = ({ db, catalogue, emit }: TimerDependencies): Timer => ({
  name: 'settle',
  everyMs: 2_000,
  async run() {
    await settle(db, catalogue, { restSeconds: minSecondsBetweenJudgements, emit });
  },
});
