import { exitCodes } from '../../ground/errors.ts';
import { withDatabase } from '../session/database.ts';
import { counted, duration, json, note, say, shortId, state } from '../terminal/print.ts';
import { runBot as queue } from '../../services/bots/run.ts';
import { actorOf } from '../arguments/actor.ts';
import { causeOf } from '../runs/list.ts';
import { noteIfIdle, untilEnded } from '../session/waiting.ts';

export const runBot = (given: string, options: { wait?: true; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { bot, run } = await queue({ db, actor: actorOf() }, { bot: given });
    const look = `npx roundsman runs show ${shortId(run.id)}`;
    await noteIfIdle(db, 'it runs when one starts');
    if (!options.wait) {
      if (options.json) return json(run);
      say(`Queued a run of ${bot.name}: ${run.id}`);
      return say(`See \`${look}\`.`);
    }
    const ended = await untilEnded(db, run.id);
    if (!ended) {
      note(`the run goes on; see \`${look}\``);
      process.exitCode = exitCodes.interrupted;
      return;
    }
    if (ended.status !== 'success') process.exitCode = exitCodes.failed;
    if (options.json) return json(ended);
    const cause = causeOf(ended);
    say(
      `${bot.name}: ${state(ended.status)} in ${duration(ended.execution_time_ms)}, ` +
        `${counted(ended.checks_performed ?? 0, 'check')}, ${counted(ended.issues_found ?? 0, 'finding')}${cause ? ` (${cause})` : ''}`,
    );
    say(`See \`${look}\`.`);
  });
