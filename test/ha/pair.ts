/** A primary and a standby that follows it, as one address that names both. */
import { sql } from 'kysely';
import { expect } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { ownPostgres, type OwnPostgres } from '../support/own-servers.ts';

export interface Pair {
  /** `postgres://user@primary,standby/name` */
  address: string;
  primary: OwnPostgres;
  /** the address of the standby alone */
  standby: string;
  /** Resolves once the standby has what the primary has committed. */
  caughtUp(): Promise<void>;
  stopStandby(): Promise<void>;
  /** Makes the standby a primary; resolves once it takes writes. */
  promote(): Promise<void>;
}

export async function openPair(): Promise<Pair> {
  const primary = await ownPostgres();
  await primary.kill();
  const standby = await primary.copy('follower');
  await primary.start();
  const [first, second] = [new URL(primary.url), new URL(standby)];
  const address = primary.url.replace(first.host, `${first.host},${second.host}`);
  const ask = async <Row>(url: string, query: string): Promise<Row> => {
    const db = connect(url, { name: 'pair', max: 1 });
    try {
      return (await sql.raw<Row>(query).execute(db)).rows[0]!;
    } finally {
      await db.destroy();
    }
  };
  const pair: Pair = {
    address,
    primary,
    standby,
    async caughtUp() {
      const { at } = await ask<{ at: string }>(
        primary.url,
        'SELECT pg_current_wal_lsn()::text AS at',
      );
      await expect
        .poll(() => ask(standby, `SELECT pg_last_wal_replay_lsn() >= '${at}' AS has`), {
          timeout: 20_000,
        })
        .toEqual({ has: true });
    },
    stopStandby: () => primary.killCopies(),
    async promote() {
      await ask(standby, 'SELECT pg_promote()');
    },
  };
  await pair.caughtUp();
  return pair;
}
