import { Command } from 'commander';
import { withDatabase } from '../cli/database.ts';
import { askedToStop } from './signals.ts';

/** `scheduler` and `worker`: one part of the engine as a process of its own, logging JSON lines. */
function serve(role: 'scheduler' | 'worker', description: string): Command {
  return new Command(role).description(description).action(() =>
    withDatabase(async ({ config, url }) => {
      const [{ openLog }, { startEngine }] = await Promise.all([
        import('../log.ts'),
        import('./engine.ts'),
      ]);
      const stop = askedToStop();
      const log = openLog(config);
      const engine = await startEngine(role, config, url, log);
      log.info({ signal: await stop }, 'asked to stop');
      await engine.stop();
    }),
  );
}

export const schedulerCommand = () => serve('scheduler', 'claim due bots and queue their runs');
export const workerCommand = () => serve('worker', 'carry out queued runs');
