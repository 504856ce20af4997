/** Two entries that undo each other: each one's heal makes what the other one heals. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { activeAround, fewest, looksAt, type Active } from './active-entries.ts';
import { windowsOf, type Window } from './aftermath.ts';
import { fisher } from '../statistics/fisher.ts';
import { followed, type Moment } from './followed.ts';
import { wilson, type Sample } from '../statistics/wilson.ts';

/** How often the other one had to heal what began after these heals, and what began without them. */
export interface Way {
  healed: Sample;
  /** after what it left alone */
  left: Sample;
  otherwise: Sample;
  /** so many more times the other one's bot had looked by then */
  looks: number;
  /** from the heal to what began, in the middle one of these times; null when nothing did */
  minutes: number | null;
}

export interface Alternation {
  with: string;
  /** what it brought on the other one, and what that one brought on it */
  forth: Way;
  back: Way;
}

/** The most that chance may be the reason for, of each way, and there are two; once found, it is so until more. */
const chance = { found: 0.01, kept: 0.1 };

/** What the other entry's heals are held against. */
type Other = Pick<Active, 'problems'>;

/** The first of the other one's problems after each moment, in the order of time. */
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
 * The same against the looks that no such heal came before. A look at which a problem of the other one was there
 * already could not see one begin.
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
      ({ began, over }) => began < look && (over === null || over >= look),
    );
    if (!next || +look < from || isAfter || isOpen) return [];
    return [problems.some(({ began }) => began >= look && began < next)];
  });
  const wait = waits[waits.length >> 1];
  return {
    healed: followed(moments, window, +now),
    left: followed(momentsOf(leftBy(one), other), window, +now),
    otherwise: { trials: free.length, successes: free.filter(Boolean).length },
    looks: window.looks,
    minutes: wait === undefined ? null : wait / 60_000,
  };
}

/** Nearly every time: what most entries have nothing of, and is known without their bots' looks. */
const isOften = ({ successes, trials }: Sample): boolean =>
  successes >= fewest && wilson(successes, trials).lower >= 0.5;

/**
 * And not without: entries that are needed at the same hours follow each other one way, and what both are needed for
 * all the time begins without the other one, too. Later than the next look that is not enough: entries that are needed
 * once an hour follow each other both ways. Then nothing may have followed where the problem was left alone.
 */
function isBecause({ healed, left, otherwise, looks }: Way, known: boolean): boolean {
  const most = known ? chance.kept : chance.found;
  return fisher(healed, otherwise) <= most && (looks === 1 || fisher(healed, left) <= most);
}

/**
 * The entry with which this one alternates, by the newest heals of both; null when there is none. `known` is the one
 * that was found before.
 */
export async function alternationOf(
  db: Db,
  id: string,
  judge: string,
  known: string | null,
): Promise<Alternation | null> {
  const entries = await activeAround(db, id, judge);
  const own = entries.find((entry) => entry.id === id);
  if (!own || entries.length === 1) return null;
  const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  const { now } = rows[0]!;
  // The shortest window in which the other one's problems follow.
  const windowAfter = (one: Active, other: Active) =>
    windowsOf(other).find((window) => isOften(followed(momentsOf(one.heals, other), window, +now)));
  const way = async (one: Active, other: Active, window: Window) =>
    wayOf(one, other, window, await looksAt(db, other.bot), now);
  for (const other of entries) {
    if (other === own) continue;
    const [there, again] = [windowAfter(own, other), windowAfter(other, own)];
    if (!there || !again) continue;
    const forth = await way(own, other, there);
    const back = await way(other, own, again);
    const isKnown = other.name === known;
    if (isBecause(forth, isKnown) && isBecause(back, isKnown))
      return { with: other.name, forth, back };
  }
  return null;
}
