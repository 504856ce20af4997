import { Command } from '../cli/arguments/command.ts';
import { wholeNumber } from '../cli/arguments/options.ts';
import { withDatabase } from '../cli/session/database.ts';
import type { Db } from '../database/connect.ts';
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
  try {
    const serving = await untilStarted(
      {
        ask: async () => {},
        begin: () =>
          untilBegun((begin) =>
            withDatabase(
              async (session) => {
                const { connectWeb } = await import('./connect-web.ts');
                const own = connectWeb(session);
                db = own;
                begin();
                emit('process.asked_to_stop', { signal: await stopRequest.stop, isReady: true });
                await listener.close();
                db = null;
                await own.destroy();
              },
              { maxConnections: 1 },
            ),
          ),
      },
      {
        missing: (what, why) => emit('process.waits', { what, why }),
        answers: () => emit('process.ready', {}),
      },
      stopRequest.signal,
    );
    if (!serving) {
      emit('process.asked_to_stop', { signal: await stopRequest.stop, isReady: false });
      return;
    }
    await serving.ended;
    emit('process.stopped', { role: 'web' });
  } finally {
    await listener.close(0);
    endSoon(100);
  }
}
