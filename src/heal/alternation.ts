/** Two entries that undo each other: each one's heal makes what the other one heals. */
import { sql } from 'kysely';
import type { Db } from '../data/connect.ts';
import {
  activeAround,
  fewest,
  looksAt,
  type Active,
  type Looks,
  type Problem,
} from './active-entries.ts';
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

/**
 * What began in time after heals of one entry, and was the other one's to heal, against the looks that no such heal
 * came before. A look at which a problem of the other one was there already could not see one begin.
 */
export function wayOf(
  heals: readonly Date[],
  problems: readonly Problem[],
  looks: Looks,
  now: Date,
): Way {
  const { windowMs } = looks;
  const ended = heals.filter((heal) => +heal + windowMs < +now);
  const waits = ended.flatMap((heal) => {
    const after = problems.map(({ began }) => +began - +heal);
    const first = after.filter((ms) => ms > 0 && ms <= windowMs).toSorted((a, b) => a - b)[0];
    return first === undefined ? [] : [first];
  });
  const from = Math.min(...heals.map(Number), ...problems.map(({ began }) => +began));
  const free = looks.at.flatMap((look, at) => {
    const next = looks.at[at + 1];
    const isAfter = heals.some((heal) => heal < look && +heal + windowMs >= +look);
    const isOpen = problems.some(
      ({ began, over }) => began < look && (over === null || over >= look),
    );
    if (!next || +look < from || isAfter || isOpen) return [];
    return [problems.some(({ began }) => began >= look && began < next)];
  });
  return {
    healed: { trials: ended.length, successes: waits.length },
    otherwise: { trials: free.length, successes: free.filter(Boolean).length },
    minutes: waits.length > 0 ? waits.toSorted((a, b) => a - b)[waits.length >> 1]! / 60_000 : null,
  };
}

/**
 * Nearly every time, and not without: entries that are needed at the same hours follow each other one way, and what
 * both are needed for all the time begins without the other one, too.
 */
export const answers = ({ healed, otherwise }: Way, known: boolean): boolean =>
  healed.successes >= fewest &&
  wilson(healed.successes, healed.trials).lower >= 0.5 &&
  fisher(healed, otherwise) <= (known ? chance.kept : chance.found);

/** Whether enough began within hours of these heals to ask when the bot looked; most entries have nothing in common. */
const mayAnswer = (heals: readonly Date[], problems: readonly Problem[]): boolean =>
  heals.filter((heal) =>
    problems.some(({ began }) => began > heal && +began - +heal < 24 * 3_600_000),
  ).length >= fewest;

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
  const looksOfBots = new Map<string, Looks | null>();
  const way = async ({ heals }: Active, { problems, bot }: Active) => {
    if (!mayAnswer(heals, problems)) return null;
    if (!looksOfBots.has(bot)) looksOfBots.set(bot, await looksAt(db, bot));
    const looks = looksOfBots.get(bot)!;
    return looks && wayOf(heals, problems, looks, rows[0]!.now);
  };
  for (const other of entries) {
    if (other === own) continue;
    const isKnown = other.name === known;
    const forth = await way(own, other);
    if (!forth || !answers(forth, isKnown)) continue;
    const back = await way(other, own);
    if (back && answers(back, isKnown)) return { with: other.name, forth, back };
  }
  return null;
}
