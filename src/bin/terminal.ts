/**
 * Assumes 80 x 24 where the terminal reports no size, as a serial line or a program that records a session may do:
 * otherwise nothing would be drawn.
 */
export function assumeSize(): void {
  if (!process.stdout.isTTY) return;
  process.stdout.columns ||= 80;
  process.stdout.rows ||= 24;
}

/**
 * Lets the process go on while a person has paused the terminal (Ctrl-S): by default Node would block until the
 * terminal accepts output, and stop all other work. Output meanwhile waits in memory, so ask `hasUnsentOutput` before drawing.
 */
export function keepGoingWhenPaused(): void {
  // Node has no public way to set this; where the property is missing, nothing changes.
  const { _handle: handle } = process.stdout as {
    _handle?: { setBlocking?(blocking: boolean): void };
  };
  if (process.stdout.isTTY) handle?.setBlocking?.(false);
}

/** Whether earlier output still waits for the terminal. */
export const hasUnsentOutput = (): boolean => process.stdout.writableLength > 0;
