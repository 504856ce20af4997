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
  /** Effects of its bot wait to be undone, or it is not known whether they happened. */
  pendingEffects: boolean;
  /** Aborted with a {@link Stop} as its reason. */
  signal: AbortSignal;
  stop(why: Stop): void;
}

export function runOf(row: StartedRow): Run {
  const controller = new AbortController();
  return {
    id: row.id,
    fence: row.fence,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    trigger: row.trigger,
    startedAt: row.started_at,
    bot: { id: row.bot_id, name: row.name, endpoint: row.api_endpoint, config: row.config },
    timeoutMs: row.timeout_seconds * 1000,
    pendingEffects: row.leftovers ?? true,
    signal: controller.signal,
    stop: (why: Stop) => controller.abort(why),
  };
}
