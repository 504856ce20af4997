import { countSilences, listSilences as query } from '../../data/bots/bot-silences.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';

export type { StandingTicket, Suppressor } from '../../data/bots/bot-findings.ts';
export type { ListedSilence, Silence, SilenceRow } from '../../data/bots/bot-silences.ts';

/** Silences in force, or with `all` every one, the newest first, with the number of findings that each hides now. `count` counts them all. */
export async function listSilences(db: Db, filter: { all: boolean; limit: number }) {
  return {
    silences: await query(db, filter),
    count: () => countSilences(db, filter),
    now: await currentTime(db),
  };
}
