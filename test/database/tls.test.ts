/** TLS to PostgreSQL and Redis with real certificates: a wrong setting is named at once, and not waited for. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { isOutage } from '../../src/database/faults/outage.ts';
import { DatabaseRefusesError, prepareDatabase } from '../../src/database/migrate/prepare.ts';
import { QueueRefusedError } from '../../src/queue/errors.ts';
import { askRedis } from '../../src/queue/redis.ts';
import { testDatabase } from '../support/database.ts';
import { authority, hasOpenssl } from '../support/certificates.ts';
import { install, roundsman } from '../support/installation.ts';
import { ownPostgres, ownRedis } from '../support/own-servers.ts';

const withTls = test.runIf(hasOpenssl);
const here = 'IP:127.0.0.1,DNS:localhost';

/** Resolves with the error of a start with this address, or null if it succeeds. */
async function outcome(url: string) {
  const db = connect(url, { max: 1 });
  try {
    await prepareDatabase(db, { migrate: false });
    return null;
  } catch (error) {
    return error as DatabaseRefusesError;
  } finally {
    await db.destroy();
  }
}

const withParameters = (url: string, parameters: Record<string, string>): string => {
  const other = new URL(url);
  for (const [name, value] of Object.entries(parameters)) other.searchParams.set(name, value);
  return other.href;
};

const notOverTls = 'hostnossl all all 127.0.0.1/32 reject';
const overTls = 'hostssl all all 127.0.0.1/32 scram-sha-256';
const anyhow = 'host all all 127.0.0.1/32 scram-sha-256';

withTls('a private authority, and a server that demands TLS', async () => {
  const postgres = await ownPostgres();
  const ca = authority();
  await postgres.speakTls(ca.issue('localhost', here), [overTls]);
  const ask = (parameters: Record<string, string>) =>
    outcome(withParameters(postgres.url, parameters));
  await expect
    .poll(() => ask({}).then((error) => error?.what))
    .toContain('accepts only connections over TLS');

  const plain = (await ask({}))!;
  expect(plain).toBeInstanceOf(DatabaseRefusesError);
  expect(plain.hint).toMatch(/sslmode=verify-full.*sslrootcert/);
  expect(plain.hint).not.toContain('correct the user');
  for (const sslmode of ['require', 'prefer', 'verify-ca', 'verify-full']) {
    const error = (await ask({ sslmode }))!;
    expect(error, sslmode).toBeInstanceOf(DatabaseRefusesError);
    expect(error.what).toBe('the certificate of the database is not trusted');
    expect(error.hint).toMatch(/sslrootcert=/);
    expect(isOutage(error)).toBe(false);
    expect(await ask({ sslmode, sslrootcert: ca.ca }), sslmode).toBeNull();
  }
  expect(await ask({ sslmode: 'no-verify' })).toBeNull();
  expect((await ask({ sslmode: 'verify-full', sslrootcert: authority().ca }))!.what).toContain(
    'not trusted',
  );

  for (const sslrootcert of ['/there/is/none.crt', '/']) {
    const error = (await ask({ sslmode: 'verify-full', sslrootcert }))!;
    expect(error, sslrootcert).toBeInstanceOf(DatabaseRefusesError);
    expect(error.what).toContain('a file that DATABASE_URL names');
    expect(error.hint).toContain('sslrootcert');
  }
  const garbage = join(ca.ca, '../garbage.crt');
  writeFileSync(garbage, 'no certificate\n');
  expect(await ask({ sslmode: 'verify-full', sslrootcert: garbage })).toBeInstanceOf(
    DatabaseRefusesError,
  );
});

withTls('a certificate for another name, one that has expired, and one of the client', async () => {
  const postgres = await ownPostgres();
  const ca = authority();
  const ask = (parameters: Record<string, string> = {}) =>
    outcome(
      withParameters(postgres.url, { sslmode: 'verify-full', sslrootcert: ca.ca, ...parameters }),
    );
  await postgres.speakTls(ca.issue('elsewhere', 'DNS:db.example.com'), [anyhow]);
  await expect.poll(() => ask().then((error) => error?.what)).toContain('for another name');
  expect((await ask())!.hint).toContain('name the host as its certificate does');

  await postgres.speakTls(ca.issue('localhost', here, -1), [anyhow]);
  await expect.poll(() => ask().then((error) => error?.what)).toContain('not valid now');

  const known = 'hostssl all all 127.0.0.1/32 cert';
  await postgres.speakTls(ca.issue('localhost', here), [known], ca.ca);
  await expect.poll(() => ask().then((error) => error?.what)).toContain('wants a certificate');
  expect((await ask())!.hint).toMatch(/sslcert=.*sslkey=/);
  const { cert: sslcert, key: sslkey } = ca.issue('postgres', here);
  expect(await ask({ sslcert, sslkey })).toBeNull();
});

test('a server without TLS is named, and not waited for', async () => {
  const { url } = await testDatabase();
  const error = (await outcome(withParameters(url, { sslmode: 'verify-full' })))!;
  expect(error).toBeInstanceOf(DatabaseRefusesError);
  expect(error.what).toBe('the database does not speak TLS');
  expect(error.hint).toContain('sslmode=disable');
});

withTls(
  'a worker ends at once and says so, and prints nothing else',
  async () => {
    const postgres = await ownPostgres();
    const ca = authority();
    await postgres.speakTls(ca.issue('localhost', here), [notOverTls, overTls]);
    const checkout = install('slow-bots.ts');
    const url = withParameters(postgres.url, { sslmode: 'require' });
    await expect.poll(() => outcome(url).then((error) => error?.what)).toContain('not trusted');
    const worker = roundsman(checkout, { DATABASE_URL: url }, 'worker');
    expect(await worker.ended).toBe(1);
    expect(worker.heard.err).toMatch(/not trusted[^]*sslrootcert/);
    expect(worker.heard.err).not.toMatch(/SECURITY WARNING|^ +at /m);
    const doctor = roundsman(checkout, { DATABASE_URL: url }, 'doctor');
    expect(await doctor.ended).toBe(1);
    expect(doctor.heard.out).toMatch(/fail +Database +.*not trusted/);
    const trusting = { DATABASE_URL: url, NODE_EXTRA_CA_CERTS: ca.ca };
    const status = roundsman(checkout, trusting, 'status');
    await status.ended;
    expect(status.heard.err).not.toContain('not trusted');
  },
  90_000,
);

test.runIf(hasOpenssl && inject('redisUrl'))(
  'a Redis whose certificate is not trusted, or without TLS, is refused and not waited for',
  async () => {
    const ca = authority();
    const { cert, key } = ca.issue('localhost', here);
    const redis = await ownRedis({
      port: '0',
      'tls-cert-file': cert,
      'tls-key-file': key,
      'tls-ca-cert-file': ca.ca,
      'tls-auth-clients': 'no',
    });
    await redis.start();
    const thrown = async (url: string) =>
      askRedis(url).then(
        () => null,
        (error: unknown) => error as QueueRefusedError,
      );
    const untrusted = await thrown(redis.url.replace('redis://', 'rediss://'));
    expect(untrusted).toBeInstanceOf(QueueRefusedError);
    expect(untrusted!.what).toBe('the certificate of Redis is not trusted');
    expect(untrusted!.hint).toContain('NODE_EXTRA_CA_CERTS');

    const plain = await ownRedis();
    await plain.start();
    const none = await thrown(plain.url.replace('redis://', 'rediss://'));
    expect(none).toBeInstanceOf(QueueRefusedError);
    expect(none!.hint).toContain('redis://');
    const other = await thrown(redis.url);
    expect(other, 'and the other way round').toBeInstanceOf(QueueRefusedError);
    expect(other!.hint).toContain('rediss://');
    onTestFinished(() => redis.kill());
  },
);
