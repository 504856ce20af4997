/** Checks that read secrets: they get the values that their bot names, and no row and no line of the log has them. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Check } from '../../src/bot.ts';
import { storeSealed, storeVariable } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { everythingIn, formsOf } from '../heal/secret-scene.ts';
import { aBot, catalogue, clean, problem } from '../support/builders.ts';
import { engineWithChildren } from '../support/children.ts';
import { anEngine } from '../support/engine.ts';
import { run } from '../support/runs.ts';
import { bots, remedies } from './telling-bots.ts';

const value = 'q8Zt4Lr9Xv2Bn7Mw';

/** A bot that names the secret KEY, with a check that asks for `name`, and one that asks for none. */
async function asking(name: string, use: (value: string) => ReturnType<Check<unknown>['run']>) {
  const bot = {
    ...aBot('watch', {
      'is-paid': async (_, { secret }) => use(secret(name)),
      'is-there': async () => clean('memory'),
    }),
    secrets: ['KEY'],
  };
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot]), {
    sources: { keys, variable: () => undefined },
  });
  return {
    db: engine.db,
    store: () => storeSealed(engine.db, keys, { name: 'KEY', value, actor: 'ann' }),
    round: () => run(engine, 'watch', { max_attempts: 1 }),
  };
}

test('a check gets the value, and what it says of it has the reference in its place', async () => {
  const got: string[] = [];
  const { db, store, round } = await asking('KEY', async (given) => {
    got.push(given);
    return {
      examined: ['payments'],
      findings: [
        problem('payments', {
          title: `refused with ${given}`,
          description: `as ${btoa(given)}`,
          metadata: { [given]: encodeURIComponent(given) },
        }),
      ],
    };
  });
  await store();
  expect(await round()).toMatchObject({ status: 'success', issues_found: 1, checks_performed: 2 });
  expect(got).toEqual([value]);
  const found = await db.selectFrom('bot_findings').selectAll().executeTakeFirstOrThrow();
  expect(found.title).toBe('refused with {{secret:KEY}}');
  const all = await everythingIn(db);
  expect(formsOf(value).filter((form) => all.includes(form))).toEqual([]);
});

test('what it throws has the reference in its place', async () => {
  const { db, store, round } = await asking('KEY', async (given) => {
    throw new Error(`not with ${given}`);
  });
  await store();
  expect(await round()).toMatchObject({
    status: 'failed',
    error_message: 'is-paid: not with {{secret:KEY}}',
  });
  expect(await everythingIn(db)).not.toContain(value);
});

test('where it is not stored, the check is skipped and says how to store it, and the others look', async () => {
  const { db, round } = await asking('KEY', async () => clean('payments'));
  expect(await round()).toMatchObject({ status: 'success', checks_performed: 1 });
  expect(await everythingIn(db)).toContain(
    'the secret KEY is not stored; `npx roundsman secrets set KEY` stores it',
  );
});

test('where it cannot be opened, the check is skipped and says why', async () => {
  const { db, round } = await asking('KEY', async () => clean('payments'));
  await storeVariable(db, { name: 'KEY', variable: 'NO_SUCH_VARIABLE', actor: 'ann' });
  expect(await round()).toMatchObject({ status: 'success', checks_performed: 1 });
  expect(await everythingIn(db)).toContain('NO_SUCH_VARIABLE');
});

test('a secret that the bot does not name is not given', async () => {
  const { round } = await asking('OTHER', async () => clean('payments'));
  expect(await round()).toMatchObject({
    status: 'failed',
    error_message: 'is-paid: the bot does not name OTHER in its secrets',
  });
});

test.each(bots.filter(({ name }) => name !== 'tells-how-far'))(
  'a child of the bot $name that ends with the value leaves the reference',
  async ({ name }) => {
    const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
    const told: string[] = [];
    const engine = await engineWithChildren(
      new URL('./telling-bots.ts', import.meta.url),
      { bots, remedies },
      {},
      {
        sources: { keys, variable: () => undefined },
        hear: (event) => void told.push(JSON.stringify(event)),
      },
    );
    await storeSealed(engine.db, keys, { name: 'KEY', value, actor: 'ann' });
    const { status, error_message } = await run(engine, name, { max_attempts: 1 });
    expect(status).toBe('failed');
    expect(error_message).toContain('{{secret:KEY}}');
    expect(await everythingIn(engine.db)).not.toContain(value);
    expect(told.join('\n')).not.toContain(value);
  },
);

test('a secret that is rotated during a run is new to the next run: its checks all get the value that it began with', async () => {
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const got: string[] = [];
  const store = (given: string) =>
    storeSealed(engine.db, keys, { name: 'KEY', value: given, actor: 'ann' });
  const bot = {
    ...aBot('watch', {
      first: async (_, { secret }) => {
        got.push(secret('KEY'));
        await store('another-value-2');
        return clean('payments');
      },
      second: async (_, { secret }) => {
        got.push(secret('KEY'));
        return clean('memory');
      },
    }),
    secrets: ['KEY'],
  };
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot]), {
    sources: { keys, variable: () => undefined },
  });
  await store(value);
  for (let i = 0; i < 2; i++)
    expect(await run(engine, 'watch')).toMatchObject({ status: 'success', checks_performed: 2 });
  expect(got).toEqual([value, value, 'another-value-2', 'another-value-2']);
});
