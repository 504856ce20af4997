import {
  cacheDifferences,
  correctCache,
  type CacheDifference,
} from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { authorise, type Actor } from '../actor.ts';

/** The documented figures of all entries that differ from their stored outcomes. */
export const differingFigures = (db: Db): Promise<CacheDifference[]> => cacheDifferences(db);

/** Corrects the figures by the stored outcomes and returns those that differed. For owners and admins. */
export async function correctFigures({
  db,
  actor,
}: {
  db: Db;
  actor: Actor;
}): Promise<CacheDifference[]> {
  authorise(actor, 'correct the figures of knowledge', 'admin');
  return correctCache(db);
}
