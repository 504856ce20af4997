import { settle } from '../settle.ts';
import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

/** Each entry is judged no oftener, whatever comes of it and however many processes there are. */
const judgedEverySeconds = 5;

export const settleTimer = ({ db, catalogue, emit }: TimerDependencies): Timer => ({
  name: 'settle',
  everyMs: 2_000,
  async run() {
    await settle(db, catalogue, { restSeconds: judgedEverySeconds, emit });
  },
});
