/** While `round` waits, a terminal shows how far long checks are. */
import { expect, test } from 'vitest';
import type { CheckContext } from '../../src/bot.ts';
import { heartbeat } from '../../src/maintain/heartbeat.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { startFlow } from '../support/engine.ts';
import { hasTerminal, inTerminal, inTerminalOf } from '../support/terminal.ts';
import { start } from './command.ts';

/** A worker whose bot `long` is at 40 % until `goOn` is called. */
async function aWorker() {
  const { promise, resolve: goOn } = Promise.withResolvers<void>();
  const long = aBot('long', async (_: unknown, { progress }: CheckContext) => {
    progress(0.405, '12,000 of 30,000 users');
    await promise;
    return clean('users');
  });
  const quick = aBot('quick', async () => clean('disk'));
  const { db, url, worker } = await startFlow({ name: 'postgres' }, catalogue([long, quick]));
  // Without one that is known to be alive, the command would start its own.
  await heartbeat(db, { id: worker, role: 'up' });
  const isTold = async () =>
    (await db.selectFrom('engine.run_progress').select('share').execute()).length > 0;
  return { url, goOn, isTold };
}

const said = 'long is at 40 %: 12,000 of 30,000 users (check is-well)';

test.skipIf(!hasTerminal)('the check that is long, and how many bots are done', async () => {
  const { url, goOn } = await aWorker();
  const { code, asked, shown } = await inTerminal(
    url,
    ['round'],
    [
      [`1 of 2 bots are done, ${said}`, goOn],
      ['Checked: 2 bots', ''],
    ],
  );
  expect({ code, asked }).toEqual({ code: 0, asked: true });
  expect(shown).toContain('Checked: 2 bots, 2 checks');
});

test.skipIf(!hasTerminal)(
  'of a single bot it is that alone, and Ctrl-C leaves it running',
  async () => {
    const { url, goOn } = await aWorker();
    const { code, shown } = await inTerminal(url, ['round', 'long'], [[said, 'signal:SIGINT']]);
    expect(code).toBe(130);
    expect(shown).not.toContain('bots are done');
    expect(shown).toContain('interrupted');
    goOn();
  },
);

test.skipIf(!hasTerminal)('what does not fit the line is cut: it never wraps', async () => {
  const { url, goOn } = await aWorker();
  const { shown } = await inTerminalOf(50, url, ['round'], [['is at 40 %', goOn]]);
  const drawn = shown.split(/[\r\n]+/).filter((line) => line.includes('is at'));
  expect(drawn.length).toBeGreaterThan(0);
  for (const line of drawn) expect(line.length).toBeLessThan(50);
});

test.each([[['round']], [['round', '--json']]])('%j says nothing of it in a pipe', async (args) => {
  const { url, goOn, isTold } = await aWorker();
  const { ended } = start(url, args);
  await expect.poll(isTold, { timeout: 20_000 }).toBe(true);
  goOn();
  const { code, out, err } = await ended;
  expect(code).toBe(0);
  for (const drawn of ['40 %', '\u001B[2K']) expect(out + err).not.toContain(drawn);
});

test.skipIf(!hasTerminal)('nor beside JSON on a terminal', async () => {
  const { url, goOn, isTold } = await aWorker();
  const shown = inTerminal(url, ['round', '--json'], []);
  await expect.poll(isTold, { timeout: 20_000 }).toBe(true);
  goOn();
  expect((await shown).shown).not.toMatch(/40 %/);
});
