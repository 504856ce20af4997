import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { localAddress, showSource } from '../../services/sources/read.ts';
import { testSource as test } from '../../services/sources/test.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { note, printJson, say } from '../terminal/print.ts';

export const testSource = (name: string, options: { url?: string; json?: true }): Promise<void> =>
  withDatabase(async ({ db, config }) => {
    const { source } = await showSource(db, config, { name, limit: 1 });
    const base = (options.url ?? localAddress(config)).replace(/\/+$/, '');
    const tested = await test(
      { db, actor: actorOf(), sources: config },
      {
        source,
        url: `${base}/in/${source}`,
        onWait: () => note('accepted; waiting for a run to read it'),
      },
    );
    if (!tested.ok) process.exitCode = exitCodes.failed;
    if (options.json) return printJson({ name, ...tested });
    for (const { ok, what, why } of tested.points)
      say(`${ok ? 'ok   ' : 'WRONG'}  ${what}: ${printable(why)}`, '       ');
    say(tested.ok ? `${name} works from the sender to the finding.` : `${name} does not work.`);
  });
