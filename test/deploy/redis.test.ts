/** docs/deploy-redis.md: the engine on a Redis that speaks TLS, with exactly the user of the guide. */
import { expect, inject, test } from 'vitest';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { authority } from '../support/certificates.ts';
import { testDatabase } from '../support/database.ts';
import { install, roundsman } from '../support/installation.ts';
import { ownRedis } from '../support/own-servers.ts';
import { insertBot } from '../cli/rows.ts';
import { blocksOf } from './guide.ts';

const checkout = install('slow-bots.ts');
const settled = { timeout: 150_000, interval: 100 };
const [makeUser] = blocksOf('deploy-redis', 'text') as [string];
const words = makeUser.trim().split(' ');

test.runIf(inject('redisUrl'))(
  'runs go through, every command of the user is needed, and none is missing',
  async () => {
    const { ca, issue } = authority();
    const { cert, key } = issue('localhost', 'DNS:localhost');
    const redis = await ownRedis({
      port: '0',
      appendonly: 'yes',
      'tls-cert-file': cert,
      'tls-key-file': key,
      'tls-ca-cert-file': ca,
      'tls-auth-clients': 'no',
    });
    await redis.start();
    await redis.ask.call(words[0]!, ...words.slice(1));
    await redis.ask.call('CONFIG', 'RESETSTAT');
    const { db, url } = await testDatabase();
    const bot = await insertBot(db, 'quick', { api_endpoint: '/api/bots/quick' });
    const settings = {
      DATABASE_URL: url,
      REDIS_URL: `rediss://roundsman:a-long-random-password@localhost:${redis.port}`,
      NODE_EXTRA_CA_CERTS: ca,
    };
    const started = ['scheduler', 'worker'].map((role) => roundsman(checkout, settings, role));
    const said = () => started.map(({ heard }) => heard.out + heard.err).join('\n');
    await expect
      .poll(
        () =>
          started.every(({ lines }) => lines().some(({ msg }) => msg === 'started')) ? '' : said(),
        settled,
      )
      .toBe('');
    const { id } = await queueManualRun(db, bot);
    await expect
      .poll(
        async () =>
          db.selectFrom('bot_executions').select('status').where('id', '=', id).executeTakeFirst(),
        settled,
      )
      .toEqual({ status: 'success' });
    const doctor = roundsman(checkout, settings, 'doctor', '--json');
    await doctor.ended;
    const found = JSON.parse(doctor.heard.out) as {
      subject: string;
      status: string;
      detail: string;
    }[];
    expect(found.filter(({ subject }) => subject === 'Redis')).toMatchObject([{ status: 'ok' }]);
    expect(found.filter(({ subject }) => subject === 'Progress')).toMatchObject([{ status: 'ok' }]);
    for (const { child } of started) child.kill('SIGTERM');
    expect(await Promise.all(started.map(({ ended }) => ended))).toEqual([0, 0]);

    const denied = (await redis.ask.call('ACL', 'LOG')) as unknown[][];
    const objects = denied.map((entry) => String(entry[entry.indexOf('object') + 1]));
    // The libraries name their connections where they may, and go on where they may not.
    expect(objects.filter((object) => !object.startsWith('client|'))).toEqual([]);
    const stats = String(await redis.ask.info('commandstats'));
    const called = new Set([...stats.matchAll(/^cmdstat_([\w|]+):/gm)].map(([, name]) => name!));
    const allowed = words.filter((word) => word.startsWith('+')).map((word) => word.slice(1));
    expect(allowed.filter((command) => !called.has(command))).toEqual([]);
    await expect(redis.ask.call('ACL', 'DRYRUN', 'roundsman', 'get', 'other')).resolves.toMatch(
      /no permissions/i,
    );
    await expect(redis.ask.call('ACL', 'DRYRUN', 'roundsman', 'flushall')).resolves.toMatch(
      /no permissions/i,
    );
  },
  400_000,
);
