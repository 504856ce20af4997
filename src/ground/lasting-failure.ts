/** A warning about something that lasts is repeated after this long. */
export const remindMs = 60_000;

/**
 * Reports a failure that lasts: with `say` its first occurrence and then one a minute, and with `sayOver` its end. Call
 * `failed` and `succeeded` after each try; `times` is how often it has failed since the last success.
 */
export function lastingFailure(
  say: (error: unknown, times: number) => void,
  sayOver: (times: number) => void,
) {
  let failing: { times: number; reportedAt: number } | null = null;
  return {
    failed(error: unknown): void {
      failing ??= { times: 0, reportedAt: -Infinity };
      failing.times += 1;
      if (performance.now() - failing.reportedAt < remindMs) return;
      failing.reportedAt = performance.now();
      say(error, failing.times);
    },
    succeeded(): void {
      if (failing) sayOver(failing.times);
      failing = null;
    },
  };
}
