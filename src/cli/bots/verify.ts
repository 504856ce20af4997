import { exitCodes } from '../../ground/errors.ts';
import { counted, printable } from '../../ground/text.ts';
import { verifyRemote, type Contract } from '../../services/bots/verify.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, say } from '../terminal/print.ts';

export const verifyBot = (
  bot: string,
  { contract, secret, json }: { contract?: Contract; secret?: string[]; json?: true },
): Promise<void> =>
  withDatabase(async ({ db, config }) => {
    const { signal } = new AbortController();
    const verified = await verifyRemote(
      { db, actor: actorOf(), sources: config },
      { bot, contract, secrets: secret, signal },
    );
    if (!verified.ok) process.exitCode = exitCodes.failed;
    if (json) return printJson(verified);
    for (const { ok, what, why } of verified.points)
      say(`${ok ? 'ok   ' : 'WRONG'}  ${what}: ${printable(why)}`, '       ');
    const wrong = verified.points.filter(({ ok }) => !ok).length;
    const called = printable(verified.endpoint);
    const kept = `keeps the contract ${verified.contract}`;
    const count = `${wrong} of ${counted(verified.points.length, 'point')} ${wrong === 1 ? 'is' : 'are'} wrong`;
    if (wrong === 0) say(`${called} ${kept}.`);
    else if (verified.answered)
      say(
        `${called} does not keep the contract ${verified.contract}: ${count}. See docs/remote-bots.md.`,
      );
    else say(`It is not known whether ${called} ${kept}: ${count}. See docs/remote-bots.md.`);
  });
