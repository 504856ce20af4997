/** Secrets in real children: each child gets the secrets that its step names, and the last output of a dead child is recorded without their values. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { nothingHeldOut, run } from '../support/runs.ts';
import { bots, remedies } from './secret-bots.ts';
import { everythingIn } from './secret-scene.ts';
import { engineWithChildren } from '../support/children.ts';

const token = 'q8Zt4Lr9Xv2Bn7Mw';

async function scene() {
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const module = new URL('./secret-bots.ts', import.meta.url);
  const sources = { keys, variable: () => undefined };
  const engine = await engineWithChildren(module, { bots, remedies }, { size: 1 }, { sources });
  const { db } = engine;
  await nothingHeldOut(db);
  for (const [name, value] of Object.entries({ TOKEN: token, OTHER: 'another-value' }))
    await storeSealed(db, keys, { name, value, actor: 'ann' });
  return {
    db,
    round: (bot: string) => run(engine, bot, { max_attempts: 1 }),
    action: () => db.selectFrom('bot_actions').selectAll().executeTakeFirstOrThrow(),
  };
}

test('the last output of a child that died is recorded without the value', async () => {
  const at = await scene();
  await at.round('child-dies');
  const { error_message } = await at.action();
  expect(error_message).toContain('unheard: {{secret:TOKEN}}');
  expect((await everythingIn(at.db)).includes(token)).toBe(false);
});

test('even where only the end of the value is left of what it printed', async () => {
  const at = await scene();
  await at.round('child-prints');
  const { error_message } = await at.action();
  expect(error_message).toContain('its process ended');
  expect((await everythingIn(at.db)).includes(token.slice(-5))).toBe(false);
});

test('a child has the secret that its step names, no other secret, and no key', async () => {
  const at = await scene();
  await at.round('child-looks');
  const { after } = (await at.action()).evidence as { after: Record<string, unknown> };
  expect(after).toMatchObject({
    own: '{{secret:TOKEN}}',
    other: 'the secret OTHER is not named by its parameters',
  });
  expect(after.environment).not.toContain('ROUNDSMAN_KEYS');
});
