/** Which entries of a feed are new. */
import { hash, type FeedMemory } from './memory.ts';
import type { Entry } from './read-feed.ts';

/** The entries of a feed that are examined. */
export interface ExaminedEntries {
  /** the newest, as far as the feed tells: by their dates, else its first ones */
  first: Entry[];
  /** the last ones of a long feed without dates, which may have its newest there; empty where all are among the first */
  last: Entry[];
}

/** The first `max` entries of a feed: by their dates where all have one, because not each feed lists its newest first. */
export function entriesToExamine(entries: Entry[], max: number): ExaminedEntries {
  if (entries.every(({ published }) => published !== null)) {
    const sorted = entries.toSorted((a, b) => b.published!.getTime() - a.published!.getTime());
    return { first: sorted.slice(0, max), last: [] };
  }
  if (entries.length <= max) return { first: entries, last: [] };
  const last = Math.min(Math.floor(max / 2), entries.length - max);
  return { first: entries.slice(0, max), last: entries.slice(-last) };
}

/**
 * The entries that were not seen before. Where none of a feed's entries was seen before, it may have given all of them new
 * ids: then only those are new that are dated after it was last read. Old ones that are published again are not new.
 */
export function newAmong(
  { first, last }: ExaminedEntries,
  known: FeedMemory,
  oldest: Date,
): Entry[] {
  if (known.readAt === null) return [];
  const seen = new Set(known.seen);
  const isSeen = ({ id }: Entry) => seen.has(hash(id)) || seen.has(hash(otherScheme(id)));
  const isTurnedOver = known.seen.length > 0 && !first.some(isSeen);
  const after = isTurnedOver ? new Date(known.readAt) : oldest;
  const unseen =
    last.length > 0 && !isTurnedOver
      ? [...first.slice(0, first.findIndex(isSeen)), ...addedAtTheEnd(last, isSeen)]
      : first.filter((entry) => !isSeen(entry));
  return unseen.filter(({ published }) =>
    published === null ? !isTurnedOver : published.getTime() > after.getTime(),
  );
}

/** The id with https in the place of http, or the other way: some servers write ids by the address at which they were asked. */
const otherScheme = (id: string): string =>
  id.startsWith('https://') ? `http://${id.slice(8)}` : id.replace(/^http:\/\//, 'https://');

/**
 * What follows the last entry that was seen. Where only both ends of a feed are examined, other entries may be unseen, too: in a feed
 * of a fixed length, older ones move into the inner side of an end. Where none was seen, this end was never examined before.
 */
function addedAtTheEnd(last: Entry[], isSeen: (entry: Entry) => boolean): Entry[] {
  const at = last.findLastIndex(isSeen);
  return at === -1 ? [] : last.slice(at + 1);
}
