import { Command } from '../cli/arguments/command.ts';
import { withDatabase } from '../cli/session/database.ts';
import { sessionConnections } from '../services/connections/plan.ts';
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
  const serving = await untilStarted(
    {
      ask: () => askServers(config, role),
      begin: () =>
        untilBegun((begin) =>
          withDatabase(
            async ({ url }) => {
              const engine = await startEngine(role, config, url, { log, emit });
              begin();
              emit('process.asked_to_stop', { signal: await stopRequest.stop, isReady: true });
              await engine.stop();
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
  if (!serving) {
    emit('process.asked_to_stop', { signal: await stopRequest.stop, isReady: false });
    return endSoon(100);
  }
  await serving.ended;
  endSoon();
}

export const schedulerCommand = () => serve('scheduler', 'claim due bots and queue their runs');
export const workerCommand = () => serve('worker', 'execute queued runs');
