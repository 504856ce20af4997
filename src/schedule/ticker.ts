import { schedule, type Logger } from 'node-cron';
import type { Emit } from '../events/events.ts';

export interface Ticker {
  stop(): Promise<void>;
}

/**
 * When no tick has come for longer than this, the host's clock was probably set back, and node-cron waits until it shows the old
 * time again.
 */
const maxGapMs = 2_000;

/**
 * Calls `tick` every second. node-cron waits for the next second by the host's clock: when the clock is set back by an
 * hour, it waits for an hour. So the time since its last tick is measured by a monotonic clock. When that is too long,
 * this calls `onGap`, ticks at once, and starts node-cron again. Messages of node-cron are emitted as events; otherwise
 * node-cron would print coloured lines.
 */
export function startTicker(tick: () => void, onGap: () => void, emit: Emit): Ticker {
  let tickedAt = performance.now();
  const logger = loggerOf(emit);
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
    if (performance.now() - tickedAt < maxGapMs) return;
    tickedAt = performance.now();
    void task.destroy();
    task = start();
    onGap();
    tick();
  }, maxGapMs / 4);

  return {
    async stop() {
      clearInterval(guard);
      await task.destroy();
    },
  };
}

function loggerOf(emit: Emit): Logger {
  const from = 'node-cron';
  const emitAs =
    (name: 'ticker.noted' | 'ticker.failed') => (message: string | Error, err?: Error) =>
      message instanceof Error
        ? emit(name, { from, err: message, message: message.message })
        : emit(name, { from, err, message });
  return {
    debug: emitAs('ticker.noted'),
    info: emitAs('ticker.noted'),
    warn: (message) => emit('ticker.said', { from, message }),
    error: emitAs('ticker.failed'),
  };
}
