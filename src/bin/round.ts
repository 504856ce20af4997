import { Command } from 'commander';
import { actorOf } from '../cli/arguments/actor.ts';
import { withDatabase, type Session } from '../cli/session/database.ts';
import { loadCatalogue } from '../cli/session/catalogue.ts';
import { json, note, say } from '../cli/terminal/print.ts';
import { exitCodes } from '../ground/errors.ts';
import { sessionConnections } from '../services/connections/plan.ts';
import { refuseStart } from './refuse-start.ts';
import { listenForStop } from './signals.ts';

/** `round [BOT...]`: runs every active bot, or the named ones, once and now; waits and prints the results. */
export const roundCommand = () =>
  new Command('round')
    .description('run bots now, wait, and print what they found and healed')
    .argument('[bot...]', 'names of bots; every active one unless given')
    .option('--json', 'print one JSON document: executions, findings, held_back, actions, tickets')
    .action((names: string[], options: { json?: boolean }) =>
      withDatabase((session) => round(session, names, options), {
        create: true,
        connections: sessionConnections,
        migrate: 'embedded',
        before: refuseOwnWorker,
      }),
    );

async function round(
  session: Session,
  names: string[],
  options: { json?: boolean },
): Promise<void> {
  const { db } = session;
  const [{ chooseBots, refuseUnknown }, { makeRound }, { printRound }] = await Promise.all([
    import('../services/round/choose.ts'),
    import('../services/round/make.ts'),
    import('../cli/round/summary.ts'),
  ]);
  const stopRequest = listenForStop();
  // Before a worker starts, which writes.
  await refuseUnknown(db, { names, catalogue: loadCatalogue });
  const worker = await startOwnWorker(session);
  try {
    const bots = await chooseBots(db, { names });
    if (bots.length === 0) return say('There is no active bot. Add one: npx roundsman bots add');
    const done = await makeRound(
      { db, actor: actorOf(), catalogue: loadCatalogue },
      { bots, signal: stopRequest.signal },
    );
    if (!done) {
      note('interrupted: runs that are queued stay queued; see `npx roundsman runs list`');
      process.exitCode = 130;
      return;
    }
    if (options.json) json(done);
    else printRound(done, bots);
    if (done.executions.some(({ status }) => status !== 'success'))
      process.exitCode = exitCodes.failed;
  } finally {
    await worker?.stop();
  }
}

/** As {@link refuseStart}, unless a worker is alive: then none is started here. */
const refuseOwnWorker = (session: Pick<Session, 'db' | 'config'>): Promise<void> =>
  refuseStart(session).catch(async (error: unknown) => {
    const { hasWorker } = await import('../services/runs/has-worker.ts');
    if (!(await hasWorker(session.db))) throw error;
  });

/** Starts a worker in this process, unless one is alive already. */
async function startOwnWorker({ db, config, url }: Session) {
  const { hasWorker } = await import('../services/runs/has-worker.ts');
  if (await hasWorker(db)) return null;
  const { refuseTooFewConnections } = await import('../services/connections/refuse-too-few.ts');
  await refuseTooFewConnections(db, config, 'worker');
  const [{ openLog }, { eventsTo }, { startEngine }] = await Promise.all([
    import('../log.ts'),
    import('../events/log-events.ts'),
    import('./engine.ts'),
  ]);
  // Log lines would appear between the lines of the result; the rows say what went wrong.
  const log = openLog({ ...config, logLevel: 'silent' });
  // It ends with its round, so it says nothing of whether runs move before or after.
  const settings = { ...config, pingUrl: undefined };
  return startEngine('worker', settings, url, { log, emit: eventsTo(log).emit });
}
