import { exitCodes } from '../../ground/errors.ts';
import { once } from '../../ground/once.ts';
import { withDatabase } from '../session/database.ts';
import { doEach, raiseExitCode } from '../terminal/do-each.ts';
import { counted, duration, note, say, shortId, state } from '../terminal/print.ts';
import { botOf } from '../../services/references/named.ts';
import type { ExecutionRow } from '../../services/runs/list.ts';
import { runBot as queue } from '../../services/bots/run.ts';
import { actorOf } from '../arguments/actor.ts';
import { whyOf } from '../runs/list.ts';
import { noteIfIdle, waitFor } from '../session/waiting.ts';

export const runBots = (given: string[], options: { wait?: true; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const noteOnce = once(() => noteIfIdle(db, 'it runs when one starts'));
    await doEach(given, options, {
      idOf: async (name) => (await botOf(db, name)).id,
      async act(name) {
        const { bot, run } = await queue({ db, actor: actorOf() }, { bot: name });
        const look = `npx roundsman runs show ${shortId(run.id)}`;
        await noteOnce();
        if (!options.wait) {
          if (!options.json) say(`Queued a run of ${bot.name}: ${run.id}\nSee \`${look}\`.`);
          return run;
        }
        const ended = waitFor(db, run.id);
        return async () => {
          const row = await ended;
          if (!row) {
            note(`the run goes on; see \`${look}\``);
            raiseExitCode(exitCodes.interrupted);
            return undefined;
          }
          if (row.status !== 'success') raiseExitCode(exitCodes.failed);
          if (!options.json) tellEnded(row, bot.name);
          return row;
        };
      },
    });
  });

function tellEnded(ended: ExecutionRow, bot: string): void {
  const why = whyOf(ended);
  say(
    `${bot}: ${state(ended.status)} in ${duration(ended.execution_time_ms)}, ` +
      `${counted(ended.checks_performed ?? 0, 'check')}, ${counted(ended.issues_found ?? 0, 'finding')}${why ? ` (${why})` : ''}`,
  );
  say(`See \`npx roundsman runs show ${shortId(ended.id)}\`.`);
}
