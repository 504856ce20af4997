/**
 * Retry-After as HTTP has it, in seconds or as a date; null where the answer asks for no wait: it says nothing that can be
 * read, or names a time that has come already.
 */
export function askedToWait(headers: Record<string, string>, now = Date.now()): number | null {
  const text = headers['retry-after']?.trim();
  if (!text) return null;
  const ms = /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return ms > 0 ? ms : null;
}
