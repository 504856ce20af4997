/** A warning about something that lasts is repeated after this long. */
export const remindMs = 60_000;

/** Reports a failure that lasts: its first occurrence, then one a minute, and its end. */
export function lastingFailure(
  say: (error: unknown, times: number) => void,
  sayOver: (times: number) => void,
) {
  let failing: { times: number; saidAt: number } | null = null;
  return {
    failed(error: unknown): void {
      failing ??= { times: 0, saidAt: -Infinity };
      failing.times += 1;
      if (performance.now() - failing.saidAt < remindMs) return;
      failing.saidAt = performance.now();
      say(error, failing.times);
    },
    succeeded(): void {
      if (failing) sayOver(failing.times);
      failing = null;
    },
  };
}
