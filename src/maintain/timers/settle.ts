import { settle } from '../settle.ts';
import type { TimerDependencies } from './dependencies.ts';
import type { Timer } from './timer.ts';

/** Each entry is judged no oftener, whatever comes of it and however many processes there are. */
const judgedEverySeconds = 5;

export const settleTimer = ({ db, catalogue, log }: TimerDependencies): Timer => ({
  name: 'settle',
  everyMs: 2_000,
  async run() {
    const { judged } = await settle(db, catalogue, { restSeconds: judgedEverySeconds });
    if (judged > 0) log.info({ judged }, 'how freely knowledge may act has changed');
  },
});
