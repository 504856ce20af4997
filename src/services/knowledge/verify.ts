import {
  cacheDifferences,
  mendCache,
  type CacheDifference,
} from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { authorise, type Actor } from '../actor.ts';

/** The documented figures of all entries that are not what the ledger of outcomes says. */
export const differingFigures = (db: Db): Promise<CacheDifference[]> => cacheDifferences(db);

/** Writes what the ledger says; what differed. For owners and admins. */
export async function mendFigures({
  db,
  actor,
}: {
  db: Db;
  actor: Actor;
}): Promise<CacheDifference[]> {
  authorise(actor, 'mend the figures of knowledge', 'admin');
  return mendCache(db);
}
