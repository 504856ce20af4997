/** How far a check is: what it says in its child, and what its worker makes of that. */
import { z } from 'zod';
import { fitting } from '../../ground/text.ts';

/** A share from 0 to 1, and a sentence for people; both are the check's own words. */
export interface Progress {
  share: number;
  sentence: string | null;
}

/** A check may call it in a loop: at most one call in this time is sent. */
const everyMs = 200;
const maxSentence = 200;

/** The function with which a check says how far it is. It never throws, and starts no timer that could outlive the check. */
export function progressTo(
  tell: (value: unknown) => void,
): (share: number, sentence?: string) => void {
  let toldAt = -Infinity;
  return (share, sentence) => {
    const now = performance.now();
    if (now - toldAt < everyMs) return;
    toldAt = now;
    tell({ share: Number(share), sentence: sentence === undefined ? null : String(sentence) });
  };
}

const schema = z.object({ share: z.number(), sentence: z.string().nullable() });

/** What the check told; null if it is no progress. A share beyond its bounds is cut to them. */
export function readProgress(told: unknown): Progress | null {
  const read = schema.safeParse(told);
  if (!read.success) return null;
  const { share, sentence } = read.data;
  return {
    share: Math.min(1, Math.max(0, share)),
    sentence: sentence === null ? null : fitting(sentence, maxSentence),
  };
}
