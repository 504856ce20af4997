import { Command } from '../cli/arguments/command.ts';
import { actorOf } from '../cli/arguments/actor.ts';
import { withDatabase, type Session } from '../cli/session/database.ts';
import { loadCatalogue } from '../cli/session/catalogue.ts';
import { printJson, note, say } from '../cli/terminal/print.ts';
import { exitCodes } from '../ground/errors.ts';
import { sessionConnections } from '../services/connections/plan.ts';
import { refuseStart } from './refuse-start.ts';
import { listenForStop } from './signals.ts';

/** `round [BOT...]`: runs every active bot, or the named ones, once and now; waits and prints the results. */
export const roundCommand = () =>
  new Command('round')
    .description('run bots now, wait, and print what they found and healed')
    .example('npx roundsman round')
    .example('npx roundsman round ledger sentinel-api --json')
    .argument('[bot...]', 'names of bots; every active one unless given')
    .option('--json', 'print one JSON document: executions, findings, held_back, actions, tickets')
    .action((names: string[], options: { json?: boolean }) =>
      withDatabase((session) => round(session, names, options), {
        create: true,
        maxConnections: sessionConnections,
        migrate: 'embedded',
        before: refuseOwnWorker,
      }),
    );

async function round(
  session: Session,
  names: string[],
  options: { json?: boolean },
): Promise<void> {
  const [{ chooseBots, requireKnownBots }, { makeRound }, { printRound }, { roundProgress }] =
    await Promise.all([
      import('../services/round/choose.ts'),
      import('../services/round/make.ts'),
      import('../cli/round/summary.ts'),
      import('../cli/round/progress.ts'),
    ]);
  const stopRequest = listenForStop();
  // This comes before the start of a worker, because a worker writes.
  await requireKnownBots(session.db, { names, catalogue: loadCatalogue });
  const worker = await startOwnWorker(session);
  // A worker of this process: the plan of connections counts its pools alone.
  if (worker) await session.db.destroy();
  const db = worker?.db ?? session.db;
  try {
    const bots = await chooseBots(db, { names });
    if (bots.length === 0) return say('There is no active bot. Add one: npx roundsman bots add');
    const progress = roundProgress();
    const round = await makeRound(
      { db, actor: actorOf(), catalogue: loadCatalogue },
      {
        bots,
        signal: stopRequest.signal,
        ...(!options.json && { onWait: progress.draw }),
      },
    ).finally(progress.clear);
    if (!round) {
      note('interrupted: runs that are queued stay queued; see `npx roundsman runs list`');
      process.exitCode = 130;
      return;
    }
    if (options.json) printJson(round);
    else printRound(round, bots);
    if (round.executions.some(({ status }) => status !== 'success'))
      process.exitCode = exitCodes.failed;
  } finally {
    await worker?.stop();
  }
}

/** Refuses as {@link refuseStart} does, unless a worker is alive: then this command starts none. */
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
  // This worker sends no outward pings: it ends with its round, so it cannot say whether runs go on before or after.
  const settings = { ...config, pingUrl: undefined };
  return startEngine('worker', settings, url, { log, emit: eventsTo(log).emit });
}
