import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { testChannel as send } from '../../services/notify/test.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, note, say } from '../terminal/print.ts';

export const testChannel = (
  channel: string,
  options: { as?: string; json?: true },
): Promise<void> =>
  withDatabase(async ({ db, config }) => {
    const dependencies = { db, config, actor: actorOf(options.as), emit: printLogged };
    const { signal } = new AbortController();
    const { delivery, ...sent } = await send(dependencies, { channel, signal });
    if (!delivery.sent) process.exitCode = exitCodes.failed;
    if (options.json) return printJson({ ...sent, ...delivery });
    if (delivery.sent) {
      say(
        `${channel} took it${delivery.reference === null ? '' : `, as ${printable(delivery.reference)}`}.`,
      );
      if (delivery.note !== undefined) note(printable(delivery.note));
    } else {
      say(`${channel} did not take it: ${printable(delivery.why)}`);
      say(
        'Its config is in `npx roundsman notify show`; `npx roundsman notify set FILE` changes it.',
      );
    }
  });

/** Prints on standard error what the channel `log` writes; no other event concerns the person who tests. */
const printLogged = (name: string, facts: object): void => {
  if (name === 'ticket.told' && 'text' in facts)
    for (const line of String(facts.text).split('\n')) note(printable(line));
};
