import { settle } from '../settle.ts';
import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

/** The least time between two judgements of one entry, however many outcomes and processes there are. */
const judgedEverySeconds = 5;

export const settleTimer = ({ db, catalogue, emit }: TimerDependencies): Timer => ({
  name: 'settle',
  everyMs: 2_000,
  async run() {
    await settle(db, catalogue, { restSeconds: judgedEverySeconds, emit });
  },
});
