/** Two entries that undo each other: each one's heal makes what the other one heals. */
import { sql } from 'kysely';
import type { Db } from '../data/connect.ts';
import { activeAround, fewest, looksAt, type Active } from './active-entries.ts';
import { fisher } from './fisher.ts';
import { wilson, type Sample } from './wilson.ts';

/** How often the other one had to heal what began after these heals, and what began without them. */
export interface Way {
  healed: Sample;
  otherwise: Sample;
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
type Other = Pick<Active, 'problems' | 'windowMs'>;

/** What began in time after heals of one entry, and was the other one's to heal: the minutes, of each that was. */
function waitsOf(heals: readonly Date[], { problems, windowMs }: Other, now: Date) {
  const ended = heals.filter((heal) => +heal + windowMs < +now);
  const waits = ended.flatMap((heal) => {
    const after = problems.map(({ began }) => +began - +heal);
    const first = after.filter((ms) => ms > 0 && ms <= windowMs).toSorted((a, b) => a - b)[0];
    return first === undefined ? [] : [first / 60_000];
  });
  return { trials: ended.length, waits: waits.toSorted((a, b) => a - b) };
}

/**
 * The same against the looks that no such heal came before. A look at which a problem of the other one was there
 * already could not see one begin.
 */
export function wayOf(
  heals: readonly Date[],
  other: Other,
  looks: readonly Date[],
  now: Date,
): Way {
  const { problems, windowMs } = other;
  const { trials, waits } = waitsOf(heals, other, now);
  const from = Math.min(...heals.map(Number), ...problems.map(({ began }) => +began));
  const free = looks.flatMap((look, at) => {
    const next = looks[at + 1];
    const isAfter = heals.some((heal) => heal < look && +heal + windowMs >= +look);
    const isOpen = problems.some(
      ({ began, over }) => began < look && (over === null || over >= look),
    );
    if (!next || +look < from || isAfter || isOpen) return [];
    return [problems.some(({ began }) => began >= look && began < next)];
  });
  return {
    healed: { trials, successes: waits.length },
    otherwise: { trials: free.length, successes: free.filter(Boolean).length },
    minutes: waits[waits.length >> 1] ?? null,
  };
}

/** Nearly every time: what most entries have nothing of, and is known without their bots' looks. */
const isOften = ({ successes, trials }: Sample): boolean =>
  successes >= fewest && wilson(successes, trials).lower >= 0.5;

/**
 * And not without: entries that are needed at the same hours follow each other one way, and what both are needed for
 * all the time begins without the other one, too.
 */
const isBecause = ({ healed, otherwise }: Way, known: boolean): boolean =>
  fisher(healed, otherwise) <= (known ? chance.kept : chance.found);

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
  const follows = (one: Active, other: Active) => {
    const { trials, waits } = waitsOf(one.heals, other, now);
    return isOften({ trials, successes: waits.length });
  };
  const way = async (one: Active, other: Active) =>
    wayOf(one.heals, other, await looksAt(db, other.bot), now);
  for (const other of entries) {
    if (other === own || !follows(own, other) || !follows(other, own)) continue;
    const forth = await way(own, other);
    const back = await way(other, own);
    const isKnown = other.name === known;
    if (isBecause(forth, isKnown) && isBecause(back, isKnown))
      return { with: other.name, forth, back };
  }
  return null;
}
