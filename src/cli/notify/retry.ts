import { printable } from '../../ground/text.ts';
import { retry as retrySending } from '../../services/notify/retry.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { counted, printJson, say } from '../terminal/print.ts';

export const retry = (given: string, options: { as?: string; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const retried = await retrySending({ db, actor: actorOf(options.as) }, { given });
    if (options.json) return printJson(retried);
    const { channel, switched_on, pending } = retried;
    if (switched_on) say(`The channel ${printable(channel)} is on again.`);
    say(
      pending === 0
        ? `Nothing waits for ${printable(channel)}.`
        : `${counted(pending, 'message')} for ${printable(channel)}: due now.`,
    );
  });
