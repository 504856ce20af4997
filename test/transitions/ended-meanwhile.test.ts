/** An action is locked only when its result is recorded: if the action ends while its remedy works, it stays ended, and the effect is rolled back. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { takeEffect } from '../../src/heal/effect.ts';
import { undoEffect } from '../../src/heal/undo.ts';
import { aRemedy } from '../support/builders.ts';
import { testDatabase } from '../support/database.ts';
import { ladder, openFinding, run, signal, undo } from './given.ts';
import { plantScene } from './plant-scene.ts';
import { bots, problems, runs } from './scene.ts';

test.each(['applied', 'taken back'])(
  'an effect is not %s when its action ended meanwhile',
  async (word) => {
    const { db } = await testDatabase();
    await plantScene(db);
    const [{ action, cured }] = problems as [(typeof problems)[number]];
    const id = word === 'applied' ? action : cured;
    const end =
      word === 'applied'
        ? sql`UPDATE bot_actions SET state = 'aborted' WHERE id = ${id}::uuid`
        : sql`UPDATE bot_actions SET undo_requested_at = NULL WHERE id = ${id}::uuid`;
    // In a transaction of its own, which waits for no row that the remedy's transaction holds.
    const change = async (pauseBot: (id: string, why: string) => Promise<void>) => {
      await pauseBot(bots[1], 'x');
      await end.execute(db);
    };
    const remedy = aRemedy('other.pause', ({ pauseBot }) => change(pauseBot), {
      async undo(_, { pauseBot }) {
        await change(pauseBot);
        return { summary: 'x', before: null, after: null };
      },
    });
    const means = { db, catalogue: catalogueOf([], [remedy]) };
    if (word === 'applied') {
      const effect = {
        run: run(runs.first),
        finding: openFinding(0),
        action: ladder(0).action,
        remedy: 'other.pause',
        params: {},
      };
      expect(await takeEffect(means, effect, signal)).toBeNull();
    } else await undoEffect(means, undo(0, runs.first), signal);
    const { rows } = await sql<{ state: string; status: string }>`
    SELECT a.state, b.status FROM bot_actions a, bots b WHERE a.id = ${id}::uuid AND b.id = ${bots[1]}::uuid`.execute(
      db,
    );
    expect(rows).toEqual([
      { state: word === 'applied' ? 'aborted' : 'verified', status: 'active' },
    ]);
  },
);
