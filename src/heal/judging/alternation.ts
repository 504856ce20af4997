/** Two entries that undo each other: each entry's heal causes what the other entry heals. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { entriesActiveWith, minHeals, lookTimesOf, type ActiveEntry } from './active-entries.ts';
import { windowsOf, type Window } from './aftermath.ts';
import { fisher } from '../statistics/fisher.ts';
import { countFollowed, type Moment } from './followed.ts';
import { wilson, type Sample } from '../statistics/wilson.ts';

/**
 * One of the two directions: how often, after one entry's heals, a problem began that the other entry had to heal, and how
 * often such a problem began without these heals.
 */
export interface Direction {
  healed: Sample;
  /** after the findings that this entry left alone */
  left: Sample;
  otherwise: Sample;
  /** how many more times the bot of the other entry's problems had looked by the end of the window */
  looks: number;
  /** the median time from the heal to the beginning of the problem; null when no problem began */
  minutes: number | null;
}

export interface Alternation {
  with: string;
  /** what this entry's heals cause for the other entry, and the reverse */
  forth: Direction;
  back: Direction;
}

/**
 * The highest probability of chance at which an alternation is found, for each of the two directions; once found, it
 * stands until the probability is higher than `onceFound`.
 */
const maxChance = { atFirst: 0.01, onceFound: 0.1 };

/** The entry whose problems may follow the heals. */
type Other = Pick<ActiveEntry, 'problems'>;

/** Each of the times with the first of the other entry's problems after it, in the order of time. */
const momentsOf = (times: readonly Date[], { problems }: Other): Moment[] =>
  times
    .map(Number)
    .toSorted((a, b) => a - b)
    .map((at) => {
      const after = problems.map(({ began }) => +began).filter((began) => began > at);
      return { at, first: after.length > 0 ? Math.min(...after) : null };
    });

/** When the entry left a problem alone. */
const leftAloneTimes = ({ problems }: Pick<ActiveEntry, 'problems'>): Date[] =>
  problems.flatMap(({ left }) => left ?? []);

/**
 * Compares how often the other entry's problems follow heals of `one` with how often they begin in looks that follow no
 * such heal. A look at which a problem of the other entry already existed cannot see one begin, and is left out. `looks`
 * are the times at which the other entry's bot looked.
 */
export function directionOf(
  one: Pick<ActiveEntry, 'heals' | 'problems'>,
  other: Other,
  window: Window,
  looks: readonly Date[],
  now: Date,
): Direction {
  const { heals } = one;
  const { problems } = other;
  const moments = momentsOf(heals, other);
  const waits = moments
    .flatMap(({ at, first }) => (first === null || first > at + window.window ? [] : first - at))
    .toSorted((a, b) => a - b);
  const from = Math.min(...heals.map(Number), ...problems.map(({ began }) => +began));
  const beginsInLook = looks.flatMap((look, index) => {
    const next = looks[index + 1];
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
    left: countFollowed(momentsOf(leftAloneTimes(one), other), window, +now),
    otherwise: { trials: beginsInLook.length, successes: beginsInLook.filter(Boolean).length },
    looks: window.looks,
    minutes: wait === undefined ? null : wait / 60_000,
  };
}

/**
 * Whether problems follow often enough to go on: after at least {@link minHeals} heals, and with a lower bound of one half.
 * Most entries fail this test, which needs no read of their bots' looks.
 */
const followsOften = ({ successes, trials }: Sample): boolean =>
  successes >= minHeals && wilson(successes, trials).lower >= 0.5;

/**
 * Whether the problems follow because of the heals: they do not begin as often without them. Entries that are needed at
 * the same hours follow each other in one direction, and a problem for which both are needed all the time also begins
 * without the other entry's heals. In a window longer than one look this is not enough, because entries that are needed
 * once an hour follow each other in both directions. Then the problem must also follow less often where this entry left
 * its finding alone.
 */
function isCausedByHeals(direction: Direction, wasFound: boolean): boolean {
  const { healed, left, otherwise, looks } = direction;
  const max = wasFound ? maxChance.onceFound : maxChance.atFirst;
  return fisher(healed, otherwise) <= max && (looks === 1 || fisher(healed, left) <= max);
}

/**
 * The entry with which this one alternates, by the newest heals of both; null when there is none. `foundBefore` is the name
 * of the entry that was found before; `judgingActor` is the actor of the engine's own changes of autonomy.
 */
export async function alternationOf(
  db: Db,
  id: string,
  judgingActor: string,
  foundBefore: string | null,
): Promise<Alternation | null> {
  const entries = await entriesActiveWith(db, id, judgingActor);
  const entry = entries.find((entry) => entry.id === id);
  if (!entry || entries.length === 1) return null;
  const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  const { now } = rows[0]!;
  // The shortest window within which the other entry's problems follow.
  const windowAfter = (one: ActiveEntry, other: ActiveEntry) =>
    windowsOf(other).find((window) =>
      followsOften(countFollowed(momentsOf(one.heals, other), window, +now)),
    );
  const compare = async (one: ActiveEntry, other: ActiveEntry, window: Window) =>
    directionOf(one, other, window, await lookTimesOf(db, other.bot), now);
  for (const other of entries) {
    if (other === entry) continue;
    const [forthWindow, backWindow] = [windowAfter(entry, other), windowAfter(other, entry)];
    if (!forthWindow || !backWindow) continue;
    const forth = await compare(entry, other, forthWindow);
    const back = await compare(other, entry, backWindow);
    const wasFound = other.name === foundBefore;
    if (isCausedByHeals(forth, wasFound) && isCausedByHeals(back, wasFound))
      return { with: other.name, forth, back };
  }
  return null;
}
