/** A session that the server ends in the moment in which it begins. */
import { once } from 'node:events';
import { connect as dial, createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { connectAlone, pool } from '../../src/database/connect.ts';
import { isOutage } from '../../src/database/faults/outage.ts';
import { testDatabase } from '../support/database.ts';

/** What the server says of a session that is ready, and of one that an administrator ends. */
const ready = Buffer.from('5a0000000549', 'hex');
const fields = [
  'SFATAL',
  'VFATAL',
  'C57P01',
  'Mterminating connection due to administrator command',
];
const body = Buffer.from(`${fields.join('\0')}\0\0`);
const ended = Buffer.concat([Buffer.from('E'), Buffer.alloc(4), body]);
ended.writeInt32BE(4 + body.length, 1);

/** The server by way of a proxy, with which sessions end as they become ready: both messages come in one packet. */
async function endingEach(url: string): Promise<string> {
  const target = new URL(url);
  const server = createServer((client) => {
    const upstream = dial(Number(target.port), target.hostname);
    client.pipe(upstream);
    upstream.on('data', (data) => {
      if (data.subarray(-ready.length).equals(ready)) client.end(Buffer.concat([data, ended]));
      else client.write(data);
    });
    for (const socket of [client, upstream])
      socket
        .on('error', () => {})
        .on('close', () => [client, upstream].forEach((each) => each.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  target.port = String((server.address() as AddressInfo).port);
  return target.href;
}

const ends = {
  'a pool': async (url: string) => {
    const connections = pool(url, { max: 1 });
    onTestFinished(() => connections.end());
    await connections.query('SELECT 1');
  },
  'a connection of its own': async (url: string) => {
    const client = await connectAlone(url, { name: 'test' });
    await client.end();
  },
  'one of several servers': async (url: string) => {
    const { host } = new URL(url);
    const connections = pool(url.replace(host, `${host},${host}`), { max: 1 });
    onTestFinished(() => connections.end());
    await connections.query('SELECT 1');
  },
};

test.for(Object.entries(ends))(
  '%s: its caller hears that the server went away, and the process goes on',
  async ([, use]) => {
    const { url } = await testDatabase();
    const failed = await use(await endingEach(url)).then(
      () => null,
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(Error);
    expect(isOutage(failed), String(failed)).toBe(true);
  },
);
