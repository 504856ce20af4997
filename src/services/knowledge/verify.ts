import {
  figureDifferences,
  correctDifferences,
  type FigureDifference,
} from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { authorise, type Actor } from '../actor.ts';

/** The documented figures of all entries that differ from what their heals say. */
export const differingFigures = (db: Db): Promise<FigureDifference[]> => figureDifferences(db);

/** Counts the figures again from the heals and returns those that differed. For owners and admins. */
export async function correctFigures({
  db,
  actor,
}: {
  db: Db;
  actor: Actor;
}): Promise<FigureDifference[]> {
  authorise(actor, 'correct the figures of knowledge', 'admin');
  return correctDifferences(db);
}
