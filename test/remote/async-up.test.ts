/** `up` contains the listener as soon as there is an asynchronous bot. */
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { insertBot } from '../cli/rows.ts';
import { testDatabaseWithQueue } from '../support/database.ts';
import { install, roundsman } from '../support/installation.ts';

const checkout = install('slow-bots.ts');
const settled = { timeout: 60_000, interval: 50 };

test('up takes reports once a bot reports later, and not before', async () => {
  const { db, url } = await testDatabaseWithQueue();
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const bot = { schedule_cron: '@yearly', api_endpoint: 'https://app.example.com/api/bots/mail' };
  await insertBot(db, 'signed', bot);
  const up = roundsman(
    checkout,
    { DATABASE_URL: url, ROUNDSMAN_WEB_PORT: String(port) },
    'up',
    '--empty',
  );
  await expect.poll(() => `${up.heard.out}${up.heard.err}`, settled).toContain('BullMQ on');
  const report = () =>
    fetch(`http://127.0.0.1:${port}/remote/x`, { method: 'POST' }).then(
      ({ status }) => status,
      () => 'no listener',
    );
  expect(await report()).toBe('no listener');
  await insertBot(db, 'later', { ...bot, config: { contract: 'async' } });
  await expect.poll(report, settled).toBe(401);
}, 120_000);
