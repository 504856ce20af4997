/**
 * Scheduler and worker in a process of your own, with a catalogue of your own, for one round.
 *
 *     npx node examples/embed-the-engine.ts
 *
 * It brings the schema and plants an app with a wrong name, so give it a database of its own: an empty one in
 * DATABASE_URL, or none there and none in `.env`; then it makes an embedded one in `.roundsman-example`.
 */
import { startEngine } from '../src/bin/engine.ts';
import { withDatabase } from '../src/cli/session/database.ts';
import { openEvents } from '../src/events/events.ts';
import { openLog } from '../src/log.ts';
import { sessionConnections } from '../src/services/connections/plan.ts';
import { chooseBots } from '../src/services/round/choose.ts';
import { makeRound } from '../src/services/round/make.ts';

process.env.ROUNDSMAN_HOME ??= '.roundsman-example';

const chess = { slug: 'chess', name: ' Chess ', category: 'games', credit_cost: 0 };

await withDatabase(
  async ({ config, url, db }) => {
    await db
      .insertInto('app_catalog')
      .values(chess)
      .onConflict((row) => row.column('slug').doUpdateSet({ name: chess.name }))
      .execute();

    const events = openEvents();
    events.subscribe(({ name, facts }) => console.log(name, JSON.stringify(facts)));
    const reporting = { log: openLog({ ...config, logLevel: 'silent' }), emit: events.emit };
    // An address, because the children of the worker load the same module.
    const catalogue = new URL('./a-bot-in-a-file.ts', import.meta.url);
    const engine = await startEngine('up', config, url, reporting, catalogue);
    try {
      const bots = await chooseBots(db, { names: ['editor'] });
      // Runs it now instead of waiting for the schedule, as `npx roundsman round editor` does.
      const actor = { name: 'example', role: 'operator' } as const;
      const round = await makeRound({ db, actor }, { bots });
      for (const { title, resolution_method: how } of round?.findings ?? [])
        console.log(`${title} (${how ?? 'open'})`);
    } finally {
      await engine.stop();
    }
  },
  // `migrate` is what `npx roundsman db migrate` does, also of the tables of BullMQ.
  { create: true, migrate: true, maxConnections: sessionConnections },
);
