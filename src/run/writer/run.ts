import type { Progress } from '../tasks/progress.ts';
import type { Stop } from '../../children/protocol.ts';
import type { StartedRow } from '../../transitions/runs/start.ts';

/** One start of one row of `bot_executions`: the value that passes through every step. */
export interface Run {
  id: string;
  fence: string;
  attempt: number;
  maxAttempts: number;
  trigger: StartedRow['trigger'];
  startedAt: Date;
  bot: { id: string; name: string; endpoint: string; config: unknown };
  timeoutMs: number;
  /** Whether effects of its bot wait to be undone, or may or may not have happened. */
  pendingEffects: boolean;
  /** the newest progress of its checks that is not written yet; the timer that renews leases writes it */
  progress: ({ check: string } & Progress) | null;
  /** Aborted with a {@link Stop} as its reason. */
  signal: AbortSignal;
  stop(why: Stop): void;
}
