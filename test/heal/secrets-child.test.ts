/** Secrets in real children: each gets what its step names, and its last words tell nothing. */
import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { endSessions } from '../../src/database/connect.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { openChildren } from '../../src/run/tasks/children.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, run } from '../support/runs.ts';
import { bots, remedies } from './secret-bots.ts';
import { everythingIn } from './secret-scene.ts';

const token = 'q8Zt4Lr9Xv2Bn7Mw';

async function scene() {
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const engine = await anEngine({ name: 'postgres' }, catalogueOf(bots, remedies), {
    sources: { keys, variable: () => undefined },
  });
  const { db } = engine;
  await nothingHeldOut(db);
  for (const [name, value] of Object.entries({ TOKEN: token, OTHER: 'another-value' }))
    await storeSealed(db, keys, { name, value, actor: 'ann' });
  const children = openChildren({
    entry: new URL('../../src/bin/child.ts', import.meta.url),
    catalogue: new URL('./secret-bots.ts', import.meta.url),
    databaseUrl: engine.url,
    size: 1,
    memoryMb: 256,
    onEnded: (name) => void endSessions(db, name).catch(() => {}),
  });
  onTestFinished(() => children.close());
  return {
    db,
    round: (bot: string) => run({ ...engine, children }, bot, { max_attempts: 1 }),
    action: () => db.selectFrom('bot_actions').selectAll().executeTakeFirstOrThrow(),
  };
}

test('the last words of a child that died are recorded without the value', async () => {
  const at = await scene();
  await at.round('child-dies');
  const { error_message } = await at.action();
  expect(error_message).toContain('unheard: {{secret:TOKEN}}');
  expect((await everythingIn(at.db)).includes(token)).toBe(false);
});

test('also where only the end of the value was kept of what it printed', async () => {
  const at = await scene();
  await at.round('child-prints');
  const { error_message } = await at.action();
  expect(error_message).toContain('its process ended');
  expect((await everythingIn(at.db)).includes(token.slice(-5))).toBe(false);
});

test('a child has the secret that its step names, no other, and no key', async () => {
  const at = await scene();
  await at.round('child-looks');
  const { after } = (await at.action()).evidence as { after: Record<string, unknown> };
  expect(after).toMatchObject({
    own: '{{secret:TOKEN}}',
    other: 'the secret OTHER is not named by its parameters',
  });
  expect(after.environment).not.toContain('ROUNDSMAN_KEYS');
});
