import { Command } from '../cli/arguments/command.ts';
import { withDatabase } from '../cli/session/database.ts';
import { sessionConnections } from '../services/connections/plan.ts';
import { followEmbedded, whileItMoves } from './follow-embedded.ts';
import { listenForStop, endSoon } from './signals.ts';

/** `scheduler` and `worker`: one part of the engine in a process of its own, which logs JSON lines. */
function serve(role: 'scheduler' | 'worker', description: string): Command {
  return new Command(role)
    .description(description)
    .example(`npx roundsman ${role}`)
    .action(() => run(role));
}

async function run(role: 'scheduler' | 'worker'): Promise<void> {
  const { readConfig } = await import('../config.ts');
  const config = readConfig();
  const stopRequest = listenForStop();
  const [{ openLog }, { eventsTo }, { startEngine }, { askServers, untilBegun, untilStarted }] =
    await Promise.all([
      import('../log.ts'),
      import('../events/log-events.ts'),
      import('./engine.ts'),
      import('./wait.ts'),
    ]);
  const log = openLog(config);
  const { emit } = eventsTo(log);
  const start = () =>
    untilStarted(
      {
        ask: () => askServers(config, role),
        begin: () =>
          untilBegun((begin) =>
            withDatabase(
              async (session) => {
                // The plan of connections counts the engine's pools alone.
                if (!session.embedded) await session.db.destroy();
                const engine = await startEngine(role, config, session.url, { log, emit });
                const following = await followEmbedded(session, stopRequest, emit);
                begin();
                const end = await following.ended;
                if (end === 'stopped')
                  emit('process.asked_to_stop', { signal: await stopRequest.stop, isReady: true });
                await engine.stop();
                await following.stop();
                return end;
              },
              { maxConnections: sessionConnections },
            ),
          ),
      },
      {
        missing: (what, why) => emit('process.waits', { what, why }),
        answers: () => emit('process.ready', {}),
      },
      stopRequest.signal,
    );
  const serving = await whileItMoves(start, stopRequest);
  if (!serving) {
    emit('process.asked_to_stop', { signal: await stopRequest.stop, isReady: false });
    return endSoon(100);
  }
  endSoon();
}

export const schedulerCommand = () => serve('scheduler', 'claim due bots and queue their runs');
export const workerCommand = () => serve('worker', 'execute queued runs');
