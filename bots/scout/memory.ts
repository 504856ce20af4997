/** What the scout remembers of each feed, from run to run: 16 KiB for all of them. */
import { createHash } from 'node:crypto';
import { z } from '../../src/bot.ts';

const feedMemory = z.object({
  /** hashes of entries that were seen, the newest first */
  seen: z.array(z.string()),
  etag: z.string().nullable(),
  modified: z.string().nullable(),
  /** when it was last read, and when it last had a new entry: ISO times; null before it was read */
  readAt: z.string().nullable(),
  changedAt: z.string().nullable(),
  /** how many times in a row it could not be read */
  failures: z.int(),
  /** how many times in a row its server said that nothing has changed */
  unchanged: z.int(),
});
export type FeedMemory = z.infer<typeof feedMemory>;

const memory = z.record(z.string(), feedMemory);
/** by {@link hash} of the feed's address */
export type Memory = z.infer<typeof memory>;

export const neverRead: FeedMemory = {
  seen: [],
  etag: null,
  modified: null,
  readAt: null,
  changedAt: null,
  failures: 0,
  unchanged: 0,
};

/** What was remembered; empty where it does not have the form that this version writes. */
export function recall(remembered: unknown): Memory {
  const read = memory.safeParse(remembered ?? {});
  return read.success ? read.data : {};
}

/** 60 bits: among a few thousand entries, two are never taken for one by chance. */
export const hash = (text: string): string =>
  createHash('sha256').update(text).digest('base64url').slice(0, 10);

/**
 * How many hashes are kept of each feed. A hash takes 13 bytes as JSON, and the rest of what is remembered of a feed 350 at most,
 * so that 20 feeds stay below 15 KB.
 */
export const hashesOfEach = (feeds: number): number =>
  Math.min(200, Math.floor((15_000 - feeds * 350) / (feeds * 13)));
