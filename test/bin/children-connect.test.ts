/** The children of a worker get all settings of its connection, and not only the address. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { authority, hasOpenssl } from '../support/certificates.ts';
import { rowOf } from '../support/runs.ts';
import { install, roundsman } from '../support/installation.ts';
import { ownPostgres } from '../support/own-servers.ts';
import { administer } from '../support/postgres.ts';

const checkout = install('slow-bots.ts');
const settled = { timeout: 30_000, interval: 50 };

test.runIf(hasOpenssl)(
  'a password, TLS and certificate authorities from the environment',
  async () => {
    const postgres = await ownPostgres();
    await migrateQueue(postgres.url);
    const password = randomBytes(8).toString('hex');
    await administer(postgres.url, `CREATE ROLE app SUPERUSER LOGIN PASSWORD '${password}'`);
    const ca = authority();
    await postgres.speakTls(ca.issue('localhost', 'IP:127.0.0.1,DNS:localhost'), [
      'hostssl all app 127.0.0.1/32 scram-sha-256',
      'hostnossl all app 127.0.0.1/32 reject',
      'host all all 127.0.0.1/32 scram-sha-256',
    ]);
    const {
      port,
      pathname,
      href: complete,
    } = Object.assign(new URL(postgres.url), {
      username: 'app',
      password,
    });
    const passFile = join(checkout, 'passwords');
    writeFileSync(passFile, `127.0.0.1:${port}:*:app:${password}\n`, { mode: 0o600 });
    const cases: Record<string, NodeJS.ProcessEnv> = {
      'a password, and TLS that is not verified': {
        DATABASE_URL: `postgres://127.0.0.1${pathname}`,
        PGPORT: port,
        PGUSER: 'app',
        PGPASSWORD: password,
        PGSSLMODE: 'no-verify',
      },
      'a file of passwords': {
        DATABASE_URL: `postgres://app@127.0.0.1:${port}${pathname}?sslmode=no-verify`,
        PGPASSFILE: passFile,
      },
      'authorities of OpenSSL': {
        DATABASE_URL: `${complete}?sslmode=verify-full`,
        NODE_OPTIONS: '--use-openssl-ca --stack-trace-limit=20',
        SSL_CERT_FILE: ca.ca,
      },
      'authorities of the system': {
        DATABASE_URL: `${complete}?sslmode=verify-full`,
        NODE_USE_SYSTEM_CA: '1',
        SSL_CERT_FILE: ca.ca,
      },
    };
    for (const [name, settings] of Object.entries(cases)) {
      const worker = roundsman(checkout, settings, 'worker');
      const messages = () => worker.lines().map(({ msg }) => msg);
      await expect.poll(messages, { ...settled, message: name }).toContain('started');
      const bot = postgres.db.selectFrom('bots').select('id').where('name', '=', 'quick');
      const { id } = await queueManualRun(postgres.db, (await bot.executeTakeFirstOrThrow()).id);
      await expect
        .poll(async () => (await rowOf(postgres.db, id)).status, settled)
        .not.toMatch(/queued|running/);
      expect(await rowOf(postgres.db, id), name).toMatchObject({
        status: 'success',
        error_message: null,
      });
      expect(
        messages().filter((msg) => msg.includes('child')),
        name,
      ).toEqual([]);
      worker.child.kill('SIGTERM');
      expect(await worker.ended, name).toBe(0);
    }
  },
  120_000,
);
