import { z } from 'zod';
import { defineJob, type JobContext } from '../src/contract/job.ts';
import {
  gamesWithScores,
  rankPage,
  type RankedPage,
  type RankedUntil,
} from '../src/data/games/ranks.ts';
import { hasPlatform } from '../src/database/migrate/extent.ts';
import { PartByPart } from '../src/database/faults/part-by-part.ts';

/** How many scores one transaction ranks, and how many games are read at once. */
const maxScores = 5_000;
const maxGames = 500;

/** Has the cached ranks of every game follow its scores. It may be stopped at any time; the next run begins with the first game. */
export const leaderboards = defineJob({
  name: 'leaderboards',
  title: 'Write the ranks of leaderboards from their scores',
  payload: z.strictObject({}),
  // The janitor reports ranks that are two hours behind their scores.
  schedule: '22 * * * *',
  concurrency: 1,
  maxAttempts: 3,
  timeoutSeconds: 3_000,
  async handler(context) {
    const figures = { games: 0, scores: 0, ranks: 0 };
    if (!(await hasPlatform(context.db))) return figures;
    context.report(() => figures);
    const parts = new PartByPart();
    for (let after: string | null = null; ;) {
      const games: string[] = await gamesWithScores(context.db, after, maxGames);
      for (const game of games) {
        const done = await parts.carryOut(`the game ${game}`, () => rankGame(context, game));
        if (done === null) continue;
        figures.games += 1;
        figures.scores += done.scores;
        figures.ranks += done.ranks;
      }
      if (games.length < maxGames) {
        parts.refuseIfAny('the log of PostgreSQL says more; other games have their ranks');
        return figures;
      }
      after = games.at(-1)!;
    }
  },
});

async function rankGame({ commit, signal }: JobContext, game: string) {
  let [scores, ranks] = [0, 0];
  for (let from: RankedUntil | null = null; ;) {
    signal.throwIfAborted();
    const begin: RankedUntil | null = from;
    const page: RankedPage = await commit((trx) => rankPage(trx, game, begin, maxScores));
    scores += page.scores;
    ranks += page.changed;
    if (page.until === null) return { scores, ranks };
    from = page.until;
  }
}
