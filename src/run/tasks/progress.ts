/** How far a check is: the check reports it in its child, and the worker reads what the child sends. */
import { z } from 'zod';
import { fitting } from '../../ground/text.ts';

/** A share from 0 to 1, and a sentence for people; both are the check's own words. */
export interface Progress {
  share: number;
  sentence: string | null;
}

/** A check may report its progress in a loop: at most one report in this time is sent. */
const sendEveryMs = 200;
const maxSentence = 200;

/** The function with which a check says how far it is. It never throws, and starts no timer that could outlive the check. */
export function progressTo(
  sendUpdate: (value: unknown) => void,
): (share: number, sentence?: string) => void {
  let sentAt = -Infinity;
  return (share, sentence) => {
    const now = performance.now();
    if (now - sentAt < sendEveryMs) return;
    sentAt = now;
    sendUpdate({
      share: Number(share),
      sentence: sentence === undefined ? null : String(sentence),
    });
  };
}

const schema = z.object({ share: z.number(), sentence: z.string().nullable() });

/** Reads the progress that a child sent; null if the value is no progress. A share below 0 becomes 0, one above 1 becomes 1. */
export function readProgress(update: unknown): Progress | null {
  const read = schema.safeParse(update);
  if (!read.success) return null;
  const { share, sentence } = read.data;
  return {
    share: Math.min(1, Math.max(0, share)),
    sentence: sentence === null ? null : fitting(sentence, maxSentence),
  };
}
