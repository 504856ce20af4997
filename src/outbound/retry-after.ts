/** More than any caller waits; a larger number would not fit into a date. */
const maxSeconds = 999_999_999;

/**
 * How long the header Retry-After asks to wait; HTTP writes it in seconds or as a date. Null if there is no such header, it
 * cannot be read, or its time has come already.
 */
export function retryAfterMsOf(headers: Record<string, string>, now = Date.now()): number | null {
  const text = headers['retry-after']?.trim();
  if (!text) return null;
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Math.min(Number(text), maxSeconds) * 1_000
    : Date.parse(text) - now;
  return ms > 0 ? ms : null;
}
