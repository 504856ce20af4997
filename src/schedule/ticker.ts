import { schedule, type Logger } from 'node-cron';
import type { Log } from '../log.ts';

export interface Ticker {
  stop(): Promise<void>;
}

/** So long without a tick, and the ticker is waiting for a time that the host's clock has been set back from. */
const silentMs = 2_000;

/**
 * Calls `tick` every second. node-cron waits for the next second by the host's clock: when that is set back by
 * an hour, it waits for an hour. So its silence is measured by time that nobody sets, and ended by a tick and
 * a new ticker; `onSilence` hears of it. What node-cron has to say goes to `log`: it would print coloured lines.
 */
export function startTicker(tick: () => void, onSilence: () => void, log: Log): Ticker {
  let tickedAt = performance.now();
  const logger = loggerOf(log.child({ from: 'node-cron' }));
  const start = () =>
    schedule(
      '* * * * * *',
      () => {
        tickedAt = performance.now();
        tick();
      },
      { logger },
    );
  let task = start();
  const guard = setInterval(() => {
    if (performance.now() - tickedAt < silentMs) return;
    tickedAt = performance.now();
    void task.destroy();
    task = start();
    onSilence();
    tick();
  }, silentMs / 4);

  return {
    async stop() {
      clearInterval(guard);
      await task.destroy();
    },
  };
}

function loggerOf(log: Log): Logger {
  const say = (level: 'debug' | 'error') => (message: string | Error, err?: Error) =>
    message instanceof Error ? log[level]({ err: message }) : log[level]({ err }, message);
  return {
    debug: say('debug'),
    info: say('debug'),
    warn: (message) => log.warn(message),
    error: say('error'),
  };
}
