/** A serial line, or what records a session, may have no size: then nothing would be drawn. */
export function assumeSize(): void {
  if (!process.stdout.isTTY) return;
  process.stdout.columns ||= 80;
  process.stdout.rows ||= 24;
}

/**
 * Lets the process go on while a person has paused its terminal (Ctrl-S): Node would wait for the terminal with
 * all that it does. What is written meanwhile waits in memory, so ask `isBehind` before drawing.
 */
export function keepGoingWhenPaused(): void {
  // Node has no other way to say it; without this property all is as before.
  const { _handle: handle } = process.stdout as {
    _handle?: { setBlocking?(blocking: boolean): void };
  };
  if (process.stdout.isTTY) handle?.setBlocking?.(false);
}

/** Whether what was written before is still waiting for the terminal. */
export const isBehind = (): boolean => process.stdout.writableLength > 0;
