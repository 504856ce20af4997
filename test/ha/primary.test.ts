/** An address that names a primary and a standby: the connections follow the server that takes writes. */
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { connect, forEngine, shortStatements, type Db } from '../../src/database/connect.ts';
import { NoPrimaryError, OldPrimaryError } from '../../src/database/primary.ts';
import { readConfig } from '../../src/config.ts';
import { examineFailover, examineServers } from '../../src/services/doctor/failover.ts';
import { openPair, type Pair } from './pair.ts';

function sessions(address: string): Db {
  const db = connect(address, { name: 'ha', max: 2, ...shortStatements, ...forEngine });
  onTestFinished(() => db.destroy());
  return db;
}

const portOf = async (db: Db): Promise<string> =>
  (await sql<{ port: string }>`SELECT current_setting('port') AS port`.execute(db)).rows[0]!.port;

const write = (db: Db, key: string) =>
  sql`INSERT INTO engine.settings (key, value) VALUES (${key}, '1')`.execute(db);

const has = async (db: Db, key: string): Promise<boolean> =>
  (await sql`SELECT FROM engine.settings WHERE key = ${key}`.execute(db)).rows.length === 1;

const ports = ({ primary, standby }: Pair) => [new URL(primary.url).port, new URL(standby).port];

test('the doctor says which server is the primary, that a standby is away, and that none is synchronous', async () => {
  const pair = await openPair();
  const db = sessions(pair.address);
  const config = readConfig({ DATABASE_URL: pair.address, ROUNDSMAN_HOME: '/tmp' });
  const around = { db, config, connection: undefined as never };
  const [first, second] = ports(pair).map((port) => `127.0.0.1:${port}`);
  expect(await examineServers(around)).toMatchObject([
    {
      status: 'ok',
      detail: `${first} is the primary of the 2 servers of DATABASE_URL; all answer`,
    },
  ]);
  expect((await examineFailover(around)).map(({ detail }) => detail).join()).toContain(
    'no standby is synchronous',
  );
  await pair.stopStandby();
  const [away] = await examineServers(around);
  expect(away).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining(`${second} cannot be used`),
  });
});

test('the primary is found wherever it stands in the list', async () => {
  const pair = await openPair();
  const [first] = ports(pair);
  expect(await portOf(sessions(pair.address))).toBe(first);
  const { host } = new URL(pair.primary.url);
  const other = new URL(pair.standby).host;
  const turned = pair.address.replace(`${host},${other}`, `${other},${host}`);
  expect(await portOf(sessions(turned))).toBe(first);
});

test.each(['killed', 'frozen'] as const)(
  'after a failover from a primary that was %s the work goes on at the standby, with what it had',
  async (how) => {
    const pair = await openPair();
    const db = sessions(pair.address);
    await write(db, 'before');
    await pair.caughtUp();
    if (how === 'killed') await pair.primary.kill();
    else {
      pair.primary.freeze(true);
      onTestFinished(() => pair.primary.freeze(false));
    }
    if (how === 'killed')
      await expect
        .poll(() => write(db, 'meanwhile').catch((error: unknown) => error))
        .toBeInstanceOf(NoPrimaryError);
    await pair.promote();
    await expect
      .poll(() => write(db, 'after').then(() => 'written', String), { timeout: 30_000 })
      .toBe('written');
    expect(await portOf(db)).toBe(ports(pair)[1]);
    expect([await has(db, 'before'), await has(db, 'after')]).toEqual([true, true]);
  },
);

test('sessions leave an old primary that still takes writes, and nobody goes back to it', async () => {
  const pair = await openPair();
  const [, second] = ports(pair);
  const db = sessions(pair.address);
  await write(db, 'before');
  await pair.caughtUp();
  await pair.promote();
  // Both take writes now, and the session is still at the old one: another connection finds the new one.
  expect(await portOf(sessions(pair.address))).toBe(second);
  await expect.poll(() => portOf(db), { timeout: 15_000 }).toBe(second);
  const config = readConfig({ DATABASE_URL: pair.address, ROUNDSMAN_HOME: '/tmp' });
  const look = () => examineServers({ db, config, connection: undefined as never });
  const [old, newer] = ports(pair).map((port) => `127.0.0.1:${port}`);
  expect(await look()).toMatchObject([
    {
      status: 'warn',
      detail: `${newer} and ${old} both take writes; Roundsman works with ${newer}, whose timeline is the newest`,
    },
  ]);

  await pair.primary.kill();
  await pair.primary.start();
  expect(await portOf(sessions(pair.address))).toBe(second);
  // The new one is away: the old one, which has not what was committed since, is no primary.
  const alone = connect(pair.standby, { name: 'ha', max: 1 });
  onTestFinished(() => alone.destroy());
  await sql`ALTER SYSTEM SET default_transaction_read_only = on`.execute(alone);
  await sql`SELECT pg_reload_conf()`.execute(alone);
  await expect
    .poll(() => portOf(sessions(pair.address)).catch((error: unknown) => error), {
      timeout: 15_000,
    })
    .toBeInstanceOf(OldPrimaryError);
});
