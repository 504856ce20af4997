/** Two entries that undo each other: each entry's heal causes what the other entry heals. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { activeAround, fewest, looksAt, type Active } from './active-entries.ts';
import { windowsOf, type Window } from './aftermath.ts';
import { fisher } from '../statistics/fisher.ts';
import { countFollowed, type Moment } from './followed.ts';
import { wilson, type Sample } from '../statistics/wilson.ts';

/**
 * How often the other entry had to heal a problem that began after these heals, and how often one began without them.
 */
export interface Way {
  healed: Sample;
  /** after the findings that this entry left alone */
  left: Sample;
  otherwise: Sample;
  /** how many more times the other entry's bot had looked by the end of the window */
  looks: number;
  /** the median time from the heal to the beginning of the problem; null when no problem began */
  minutes: number | null;
}

export interface Alternation {
  with: string;
  /** what this entry's heals cause for the other entry, and the reverse */
  forth: Way;
  back: Way;
}

/**
 * The highest probability of chance at which an alternation is found, for each of the two directions; once found, it
 * stands until the probability is higher than `kept`.
 */
const chance = { found: 0.01, kept: 0.1 };

/** What this entry's heals are compared with. */
type Other = Pick<Active, 'problems'>;

/** After each moment, the first of the other entry's problems, in the order of time. */
const momentsOf = (times: readonly Date[], { problems }: Other): Moment[] =>
  times
    .map(Number)
    .toSorted((a, b) => a - b)
    .map((at) => {
      const after = problems.map(({ began }) => +began).filter((began) => began > at);
      return { at, first: after.length > 0 ? Math.min(...after) : null };
    });

const leftBy = ({ problems }: Pick<Active, 'problems'>): Date[] =>
  problems.flatMap(({ left }) => left ?? []);

/**
 * Compares this with the looks that follow no such heal. A look at which a problem of the other entry already existed
 * cannot see one begin, and is left out.
 */
export function wayOf(
  one: Pick<Active, 'heals' | 'problems'>,
  other: Other,
  window: Window,
  looks: readonly Date[],
  now: Date,
): Way {
  const { heals } = one;
  const { problems } = other;
  const moments = momentsOf(heals, other);
  const waits = moments
    .flatMap(({ at, first }) => (first === null || first > at + window.window ? [] : first - at))
    .toSorted((a, b) => a - b);
  const from = Math.min(...heals.map(Number), ...problems.map(({ began }) => +began));
  const free = looks.flatMap((look, at) => {
    const next = looks[at + 1];
    const isAfter = heals.some((heal) => heal < look && +heal + window.window >= +look);
    const isOpen = problems.some(
      ({ began, ended }) => began < look && (ended === null || ended >= look),
    );
    if (!next || +look < from || isAfter || isOpen) return [];
    return [problems.some(({ began }) => began >= look && began < next)];
  });
  const wait = waits[waits.length >> 1];
  return {
    healed: countFollowed(moments, window, +now),
    left: countFollowed(momentsOf(leftBy(one), other), window, +now),
    otherwise: { trials: free.length, successes: free.filter(Boolean).length },
    looks: window.looks,
    minutes: wait === undefined ? null : wait / 60_000,
  };
}

/** Whether problems follow nearly every time. Most entries fail this test, which needs no read of their bots' looks. */
const isOften = ({ successes, trials }: Sample): boolean =>
  successes >= fewest && wilson(successes, trials).lower >= 0.5;

/**
 * Whether the problem follows because of the heals: it does not begin as often without them. Entries that are needed at
 * the same hours follow each other in one direction, and a problem for which both are needed all the time also begins
 * without the other entry's heals. In a window longer than one look this is not enough, because entries that are needed
 * once an hour follow each other in both directions. Then the problem must also follow less often where this entry left
 * its finding alone.
 */
function isBecause({ healed, left, otherwise, looks }: Way, known: boolean): boolean {
  const most = known ? chance.kept : chance.found;
  return fisher(healed, otherwise) <= most && (looks === 1 || fisher(healed, left) <= most);
}

/**
 * The entry with which this one alternates, by the newest heals of both; null when there is none. `known` is the entry
 * that was found before.
 */
export async function alternationOf(
  db: Db,
  id: string,
  judge: string,
  known: string | null,
): Promise<Alternation | null> {
  const entries = await activeAround(db, id, judge);
  const entry = entries.find((entry) => entry.id === id);
  if (!entry || entries.length === 1) return null;
  const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  const { now } = rows[0]!;
  // The shortest window within which the other entry's problems follow.
  const windowAfter = (one: Active, other: Active) =>
    windowsOf(other).find((window) =>
      isOften(countFollowed(momentsOf(one.heals, other), window, +now)),
    );
  const way = async (one: Active, other: Active, window: Window) =>
    wayOf(one, other, window, await looksAt(db, other.bot), now);
  for (const other of entries) {
    if (other === entry) continue;
    const [there, again] = [windowAfter(entry, other), windowAfter(other, entry)];
    if (!there || !again) continue;
    const forth = await way(entry, other, there);
    const back = await way(other, entry, again);
    const isKnown = other.name === known;
    if (isBecause(forth, isKnown) && isBecause(back, isKnown))
      return { with: other.name, forth, back };
  }
  return null;
}
