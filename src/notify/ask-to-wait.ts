/** Retry-After as HTTP has it, in seconds or as a date; null where the answer says nothing that can be read. */
export function askedToWait(headers: Record<string, string>, now = Date.now()): number | null {
  const text = headers['retry-after']?.trim();
  if (!text) return null;
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
