/** `up` listens once something has to be listened for, and its row says so, or why it does not. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { listenWhenNeeded } from '../../src/bin/web-when-needed.ts';
import { openEvents } from '../../src/events/events.ts';
import { insertBot } from '../cli/rows.ts';
import { testDatabase } from '../support/database.ts';

async function taken(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { server, port: (server.address() as AddressInfo).port };
}

test('not before; while its port is taken with the reason; then with where; and after its end no more', async () => {
  const { db } = await testDatabase();
  const { server, port } = await taken();
  const { emit } = openEvents();
  const config = { webHost: '127.0.0.1', webPort: port, keys: null, variable: () => undefined };
  const stop = listenWhenNeeded(db, config as never, emit);
  onTestFinished(stop);
  const rows = () => db.selectFrom('engine.listeners').selectAll().execute();
  expect(await rows()).toEqual([]);
  await insertBot(db, 'alarms', { api_endpoint: 'in:alarms' });
  await expect.poll(rows).toMatchObject([
    {
      role: 'up',
      pid: process.pid,
      address: `127.0.0.1:${port}`,
      problem: expect.stringContaining('EADDRINUSE'),
    },
  ]);
  server.close();
  await expect.poll(rows, { timeout: 30_000 }).toMatchObject([{ problem: null }]);
  expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  await stop();
  expect(await rows()).toEqual([]);
});
