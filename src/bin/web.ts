import { Command } from '../cli/arguments/command.ts';
import { wholeNumber } from '../cli/arguments/options.ts';
import { withDatabase, type Session } from '../cli/session/database.ts';
import type { Db } from '../database/connect.ts';
import { closeWithinMs } from './closing.ts';
import { followEmbedded, whileItMoves, type End } from './follow-embedded.ts';
import { listenForStop, endSoon } from './signals.ts';

interface WebOptions {
  host?: string;
  port?: number;
}

/** `web`: the listener in a process of its own, which logs JSON lines. It needs PostgreSQL alone, and starts without it. */
export const webCommand = () =>
  new Command('web')
    .description('listen for what other systems send; on this machine alone unless told')
    .example('npx roundsman web')
    .example('npx roundsman web --host 0.0.0.0 --port 8420')
    .option('--host <address>', 'the address to listen on (ROUNDSMAN_WEB_HOST, else 127.0.0.1)')
    .option(
      '--port <n>',
      'the port to listen on, 0 for any free one (ROUNDSMAN_WEB_PORT, else 8420)',
      wholeNumber('--port', 0, 65_535),
    )
    .action(run);

async function run(options: WebOptions): Promise<void> {
  const { readConfig } = await import('../config.ts');
  const config = readConfig();
  const stopRequest = listenForStop();
  const [{ openLog }, { eventsTo }, { listenOn }, { untilBegun, untilStarted }] = await Promise.all(
    [
      import('../log.ts'),
      import('../events/log-events.ts'),
      import('./listen-on.ts'),
      import('./wait.ts'),
    ],
  );
  const { emit } = eventsTo(openLog(config));
  let db: Db | null = null;
  // It listens before the database answers: until then senders get 503, and send again.
  const listener = await listenOn({
    host: options.host ?? config.webHost,
    port: options.port ?? config.webPort,
    database: () => db,
    sources: config,
    emit,
  });

  /** Answers with this database until the process is asked to stop, or until the embedded one has moved. */
  async function serve(session: Session, begin: () => void): Promise<End> {
    const [{ connectWeb }, { addressOf, announceListener }, { settlesWithin }] = await Promise.all([
      import('./connect-web.ts'),
      import('../maintain/timers/listener.ts'),
      import('../ground/settles-within.ts'),
    ]);
    // ROUNDSMAN_CONNECTIONS counts the pool of the listener alone.
    if (!session.embedded) await session.db.destroy();
    const own = connectWeb(session);
    const state = { role: 'web' as const, address: addressOf(listener), problem: null };
    const retire = announceListener(own, () => state, emit);
    const following = await followEmbedded(session, stopRequest, emit);
    db = own;
    begin();
    const end = await following.ended;
    if (end === 'stopped') {
      emit('process.asked_to_stop', { signal: await stopRequest.stop, isReady: true });
      await listener.close();
    }
    db = null;
    // A row that cannot be removed counts as silent soon.
    await settlesWithin(
      closeWithinMs,
      retire().catch(() => {}),
    );
    await settlesWithin(closeWithinMs, own.destroy());
    await following.stop();
    return end;
  }

  const start = () =>
    untilStarted(
      {
        ask: async () => {},
        begin: () =>
          untilBegun((begin) =>
            withDatabase((session) => serve(session, begin), { maxConnections: 1 }),
          ),
      },
      {
        missing: (what, why) => emit('process.waits', { what, why }),
        answers: () => emit('process.ready', {}),
      },
      stopRequest.signal,
    );
  try {
    if (await whileItMoves(start, stopRequest)) return emit('process.stopped', { role: 'web' });
    emit('process.asked_to_stop', { signal: await stopRequest.stop, isReady: false });
  } finally {
    await listener.close(0);
    endSoon(100);
  }
}
