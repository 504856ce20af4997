/** guardian as the engine runs it: in a child process, with its key from the store, its memory and its findings in rows. */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { addBooking, addPayment } from '../../src/demo/faults/money-rows.ts';
import { addUser } from '../../src/demo/faults/users.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { everythingIn } from '../heal/secret-scene.ts';
import { engineWithChildren } from '../support/children.ts';
import { run } from '../support/runs.ts';
import { charge, refuse, serveStripe } from './stripe-server.ts';

const key = 'rk_live_q8Zt4Lr9Xv2Bn7Mw';

async function scene() {
  const keys = readKeyRing(`k1:${randomBytes(32).toString('base64')}`);
  const engine = await engineWithChildren(
    new URL('../../bots/index.ts', import.meta.url),
    { bots, remedies },
    {},
    { sources: { keys, variable: () => undefined } },
  );
  const { db } = engine;
  const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  const at = (minutes: number) => new Date(rows[0]!.now.getTime() - minutes * 60_000);
  const { state, url } = await serveStripe(
    db,
    ['pi_known', 'pi_missed'].map((pi, i) => ({
      id: `evt_${i}`,
      type: 'charge.succeeded',
      created: Math.floor(at(60).getTime() / 1_000),
      livemode: true,
      data: { object: charge(pi, 1_000) },
    })),
  );
  await storeSealed(db, keys, { name: 'STRIPE_KEY', value: key, actor: 'ann' });
  await db
    .updateTable('bots')
    .set({ config: JSON.stringify({ stripe_api: url }) })
    .where('name', '=', 'guardian')
    .execute();
  const user_id = await addUser(db);
  const pay = (provider_transaction_id: string) =>
    addPayment(db, at(60), { user_id, provider_transaction_id });
  const open = () =>
    db
      .selectFrom('bot_findings')
      .select(['title', 'check_name'])
      .where('resolved_at', 'is', null)
      .orderBy('title')
      .execute();
  return { engine, db, state, pay, open, user_id, at };
}

test('a payment that was missed is found, stays found while nothing is new, and is gone once it is recorded', async () => {
  const { engine, db, state, pay, open } = await scene();
  await pay('pi_known');
  const missed = [
    {
      title: "Stripe's payment pi_missed of 10.00 USD is not on the platform",
      check_name: 'stripe-payments',
    },
  ];
  expect(await run(engine, 'guardian', { max_attempts: 1 })).toMatchObject({
    status: 'success',
    checks_performed: 8,
    issues_found: 1,
  });
  expect(await open()).toEqual(missed);
  await run(engine, 'guardian', { max_attempts: 1 });
  expect(await open()).toEqual(missed);
  const [first, second] = state.requests
    .filter(({ pathname }) => pathname === '/v1/events')
    .map(({ searchParams }) => Number(searchParams.get('created[gte]')));
  expect(second! - first!).toBeGreaterThan(2 * 86_400);
  await pay('ch_missed');
  await run(engine, 'guardian', { max_attempts: 1 });
  expect(await open()).toEqual([]);
  expect(await everythingIn(db)).not.toContain(key);
});

test('a revoked key opens one finding, and no row has the key', async () => {
  const { engine, db, state, open } = await scene();
  const message = `Invalid API Key provided: ${key}`;
  state.instead = [refuse(401, { message })];
  await run(engine, 'guardian', { max_attempts: 1 });
  expect(await open()).toMatchObject([
    { title: expect.stringContaining('Stripe refuses it (401)'), check_name: 'stripe-payments' },
  ]);
  expect(await everythingIn(db)).not.toContain(key);
  await run(engine, 'guardian', { max_attempts: 1 });
  expect((await open()).map(({ title }) => title).join()).not.toContain('401');
});

test('credits that were given twice stay a finding when they leave the window, until they are corrected', async () => {
  const { engine, db, pay, open, user_id } = await scene();
  const transaction_id = await pay('pi_known');
  await pay('pi_missed');
  const metadata = { transaction_id };
  const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  await addBooking(db, rows[0]!.now, { user_id, amount: 100, type: 'purchase', metadata });
  await run(engine, 'guardian', { max_attempts: 1 });
  expect(await open()).toMatchObject([{ check_name: 'granted-twice' }]);
  await db
    .updateTable('bots')
    .set({ config: sql`config || '{"lookback_days": 0.000001}'` })
    .where('name', '=', 'guardian')
    .execute();
  await run(engine, 'guardian', { max_attempts: 1 });
  expect(await open()).toHaveLength(1);
  await addBooking(db, rows[0]!.now, { user_id, amount: -100, type: 'refund', metadata });
  await run(engine, 'guardian', { max_attempts: 1 });
  expect(await open()).toEqual([]);
});
