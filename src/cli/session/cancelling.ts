/** For commands that cancel runs, of bots or of jobs. */
import { exitCodes } from '../../ground/errors.ts';
import { once } from '../../ground/once.ts';
import { doEach, raiseExitCode } from '../terminal/do-each.ts';
import { note } from '../terminal/print.ts';
import { withDatabase, type Session } from './database.ts';
import { noteIfIdle } from './waiting.ts';

type Db = Session['db'];

interface EndingRun {
  id: string;
  status: string;
  completed_at: Date | null;
}

interface Cancelling<Row extends EndingRun, Asked extends { run: Row }> {
  idOf(db: Db, name: string): Promise<string>;
  /** Ends the run, or asks it to stop. */
  cancel(db: Db, name: string): Promise<Asked>;
  /** Waits for its end; null when Ctrl-C comes first. */
  waitFor(db: Db, id: string): Promise<Row | null>;
  tellAsked(asked: Asked): void;
  tellEnded(row: Row, asked: Asked): void;
}

/** Cancels each run that is named; with `wait` it ends once they have ended. The exit code is 1 where one ended otherwise. */
export const cancelEach = <Row extends EndingRun, Asked extends { run: Row }>(
  given: readonly string[],
  options: { wait?: true; json?: true },
  { idOf, cancel, waitFor, tellAsked, tellEnded }: Cancelling<Row, Asked>,
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const noteOnce = once(() => noteIfIdle(db, 'it ends when one starts'));
    await doEach<Row>(given, options, {
      idOf: (name) => idOf(db, name),
      async act(name) {
        const asked = await cancel(db, name);
        const { run } = asked;
        if (!run.completed_at) await noteOnce();
        if (run.completed_at || !options.wait) {
          if (!options.json) tellAsked(asked);
          return run;
        }
        const ended = waitFor(db, run.id);
        return async () => {
          const row = await ended;
          if (!row) {
            note('the request to stop stays');
            raiseExitCode(exitCodes.interrupted);
            return undefined;
          }
          // The run may have ended before the request reached it.
          if (row.status !== 'cancelled') raiseExitCode(exitCodes.failed);
          if (!options.json) tellEnded(row, asked);
          return row;
        };
      },
    });
  });
