import { Command } from '../cli/arguments/command.ts';
import { join } from 'node:path';
import { actorOf } from '../cli/arguments/actor.ts';
import { withDatabase, type Session } from '../cli/session/database.ts';
import { loadCatalogue } from '../cli/session/catalogue.ts';
import { say } from '../cli/terminal/print.ts';
import { hasTerminal } from '../ground/terminal.ts';
import { printable } from '../ground/text.ts';
import { sessionConnections } from '../services/connections/plan.ts';
import type { Reporting } from './engine.ts';
import { followEmbedded, whileItMoves, type End, type Following } from './follow-embedded.ts';
import { refuseStart } from './refuse-start.ts';
import { listenForStop, endSoon, type StopRequest } from './signals.ts';
import { assumeSize, keepGoingWhenPaused } from './terminal.ts';
import type { StartedWatch } from './watch.ts';

interface UpOptions {
  empty?: boolean;
  migrate?: boolean;
}

/** `up`: database, migrations, catalogue, scheduler and worker in one process, with a live status. */
export const upCommand = () =>
  new Command('up')
    .description(
      'run everything in one process: scheduler, worker and, unless DATABASE_URL is set, PostgreSQL',
    )
    .example('npx roundsman up')
    .example('npx roundsman up --empty')
    .option('--empty', 'do not plant the small fictional platform into a new embedded database')
    .option('--migrate', 'also migrate the database of DATABASE_URL')
    .action(up);

async function up(options: UpOptions): Promise<void> {
  assumeSize();
  keepGoingWhenPaused();
  const { readConfig } = await import('../config.ts');
  const config = readConfig();
  // This comes before the lock, because a program that reads the process id which `lockHome` writes may send a signal at once.
  const stopRequest = listenForStop();
  const homeLock = config.databaseUrl
    ? null
    : (await import('../database/embedded/index.ts')).lockHome(config.home);
  // `up` ends when no program reads its output any more.
  process.stdout.on('error', () => stopRequest.ask('SIGHUP'));
  const [{ openLog }, { eventsTo }, { tellOfFullDisk }, { askServers, untilBegun, untilStarted }] =
    await Promise.all([
      import('../log.ts'),
      import('../events/log-events.ts'),
      import('./full-disk.ts'),
      import('./wait.ts'),
    ]);
  const logFile = join(config.home, 'roundsman.log');
  const fullDisk = tellOfFullDisk(config.home, say);
  const log = openLog(config, logFile, fullDisk.ofLog);
  const { emit, subscribe } = eventsTo(log);
  subscribe(fullDisk.ofEvents);
  const start = () =>
    untilStarted(
      {
        ask: () => askServers(config, 'up'),
        begin: () =>
          untilBegun((begin) =>
            withDatabase(
              (session) =>
                run(session, options, {
                  stopRequest,
                  reporting: { log, emit },
                  logFile,
                  begin,
                }),
              {
                create: true,
                maxConnections: sessionConnections,
                migrate: options.migrate ? true : 'embedded',
                before: refuseStart,
              },
            ),
          ),
      },
      {
        missing(what, why) {
          say(`Not ready, trying again: ${printable(what)} (${printable(why)})`);
          emit('process.waits', { what, why });
        },
        answers() {
          say('Ready: every server answers now.');
          emit('process.ready', {});
        },
      },
      stopRequest.signal,
    );
  try {
    const running = await whileItMoves(start, stopRequest);
    if (!running) say('Stopped before it was ready.');
    endSoon(running ? undefined : 100);
  } finally {
    fullDisk.stop();
    homeLock?.release();
  }
}

interface UpContext {
  stopRequest: StopRequest;
  reporting: Reporting;
  logFile: string;
  /** called when all parts run */
  begin(): void;
}

async function run(session: Session, options: UpOptions, context: UpContext): Promise<End> {
  const { db, config, url, embedded } = session;
  const { stopRequest, reporting, logFile } = context;
  const [{ isEmpty }, { startEngine }, { watch }, { listenWhenNeeded }] = await Promise.all([
    import('../services/database/is-empty.ts'),
    import('./engine.ts'),
    import('./watch.ts'),
    import('./web-when-needed.ts'),
  ]);
  const planted = embedded && !options.empty && (await isEmpty(db));
  if (planted) {
    const { plantPlatform } = await import('../demo/plant.ts');
    await plantPlatform(db);
    say(
      'A small fictional platform was planted, with things wrong in it (to start without it: up --empty).',
    );
  }
  // The plan of connections counts the engine's pools alone; the embedded server has enough for both.
  if (!embedded) await db.destroy();
  const engine = await startEngine('up', config, url, reporting);
  const stopListening = listenWhenNeeded(engine.db, config, reporting.emit);
  let following: Following | null = null;
  let watching: StartedWatch | undefined;
  let isOver = false;
  let end: End = 'stopped';
  try {
    context.begin();
    say(`BullMQ on ${engine.backend}, log in ${logFile}`);
    following = await followEmbedded(session, stopRequest, reporting.emit);
    const { ended } = following;
    const show = async () => {
      const opened = await watch(embedded ? db : engine.db, { skipFirst: planted });
      if (isOver) return opened.stop();
      watching = opened;
      if (planted) await Promise.race([ended, firstRound(session)]);
      await opened.start();
    };
    // A database that does not answer blocks the reading of the status, but must not block the end.
    if ((await Promise.race([ended, show()])) === 'moved') end = 'moved';
    return end;
  } finally {
    isOver = true;
    (watching as StartedWatch | undefined)?.stop();
    const goesOn = end === 'moved' && !stopRequest.signal.aborted;
    const sooner = hasTerminal ? 'Ctrl-C again stops at once' : 'a second SIGTERM stops at once';
    say(
      goesOn
        ? 'PostgreSQL is on another port now, because its own was taken: everything starts again there.'
        : `Stopping: running bots get their time to end; ${sooner}.`,
    );
    await stopListening();
    await engine.stop();
    await following?.stop();
    if (!goesOn) say('Stopped.');
  }
}

/** Makes one round over the planted platform, which is what a new user sees first. */
async function firstRound({ db }: Session): Promise<void> {
  const [{ chooseBots }, { makeRound }, { printRound }, { roundProgress }] = await Promise.all([
    import('../services/round/choose.ts'),
    import('../services/round/make.ts'),
    import('../cli/round/summary.ts'),
    import('../cli/round/progress.ts'),
  ]);
  const bots = await chooseBots(db, { names: [] });
  const progress = roundProgress();
  const round = await makeRound(
    { db, actor: actorOf(), catalogue: loadCatalogue },
    { bots, onWait: progress.draw },
  ).finally(progress.clear);
  if (round) printRound(round, bots);
}
