/** A warning about something that lasts is repeated after this long. */
export const remindMs = 60_000;

/**
 * Reports a failure that lasts: with `report` its first occurrence and then one a minute, and with `reportEnd` its end. Call
 * `failed` and `succeeded` after each try; `times` is how often it has failed since the last success.
 */
export function lastingFailure(
  report: (error: unknown, times: number) => void,
  reportEnd: (times: number) => void,
) {
  let failing: { times: number; reportedAt: number } | null = null;
  return {
    failed(error: unknown): void {
      failing ??= { times: 0, reportedAt: -Infinity };
      failing.times += 1;
      if (performance.now() - failing.reportedAt < remindMs) return;
      failing.reportedAt = performance.now();
      report(error, failing.times);
    },
    succeeded(): void {
      if (failing) reportEnd(failing.times);
      failing = null;
    },
  };
}
