/**
 * Secrets of sources are shown nowhere: a real process takes deliveries of every kind of sender that repeat the source's secret in every
 * place and form, and afterwards tables, queue, files, output and processes are searched for them.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { kindOf } from '../../src/sources/kinds/index.ts';
import { insertBot } from '../cli/rows.ts';
import { formsOf } from '../heal/secret-scene.ts';
import { allFiles, allKeys, allTables, formsIn, watchProcesses } from '../remote/nowhere.ts';
import { backends } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from '../support/installation.ts';
import { freePort } from './load-scene.ts';
import { bodiesOf, documents } from './nowhere-deliveries.ts';

const root = new URL('../../', import.meta.url).pathname;

const kinds = Object.keys(documents);
const nameOf = (kind: string) => `${kind.toUpperCase().replaceAll('-', '_')}_KEY`;

/** Standard Webhooks says how its keys are written; of the others, what URLs, JSON and forms write otherwise. */
const secretOf = (kind: string): string =>
  ['plain', 'standard-webhooks'].includes(kind)
    ? `whsec_${randomBytes(32).toString('base64')}`
    : `k"9\\/+${randomBytes(18).toString('base64')}&x=%'<>`;

describe.each(backends)('with the queue on $name', ({ name, redisUrl }) => {
  test('no secret stands in tables, queue, files, output or processes', async () => {
    const secrets = Object.fromEntries(kinds.map((kind) => [nameOf(kind), secretOf(kind)]));
    // A key that does not fit its kind, so that each delivery is refused with a reason.
    secrets['UNFIT_KEY'] = `no key of the standard ${randomBytes(12).toString('base64')}`;
    const { db, url } = await testDatabase();
    if (!redisUrl) await migrateQueue(url);
    const ring = `k1:${randomBytes(32).toString('base64')}`;
    for (const [secret, value] of Object.entries(secrets))
      await storeSealed(db, readKeyRing(ring), { name: secret, value, actor: 'ann' });
    const insert = (source: string, kind: string, secret: string) =>
      insertBot(db, source, {
        api_endpoint: `in:${source}`,
        schedule_cron: '0 0 1 1 *',
        max_attempts: 1,
        config: { kind, secrets: [secret], ...documents[kind]!.config },
      });
    for (const kind of kinds) await insert(kind, kind, nameOf(kind));
    await insert('unfit', 'plain', 'UNFIT_KEY');

    const home = mkdtempSync(join(tmpdir(), 'roundsman-nowhere-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const port = await freePort();
    const settings = {
      DATABASE_URL: url,
      REDIS_URL: redisUrl ?? '',
      ROUNDSMAN_HOME: home,
      ROUNDSMAN_KEYS: ring,
      ROUNDSMAN_LOG_LEVEL: 'debug',
      ROUNDSMAN_WEB_PORT: String(port),
    };
    const up = roundsman(root, settings, 'up');
    const processes = watchProcesses([up.pid]);
    const listening = () =>
      allFiles(home)
        .split('\n')
        .filter((line) => line.includes('"listening"'))
        .map((line) => (JSON.parse(line) as { port: number }).port);
    await expect.poll(listening, { timeout: 60_000 }).toEqual([port]);

    const post = async (path: string, headers: Record<string, string>, body: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers,
        body,
      });
      answers.push(`${answer.status} ${await answer.text()}`);
      return answer.status;
    };
    const answers: string[] = [];
    for (const kind of kinds) {
      const secret = secrets[nameOf(kind)]!;
      const forms = formsOf(secret);
      const { sign } = kindOf(kind);
      const headers = documents[kind]!.headers ?? {};
      const inHeader = encodeURIComponent(secret);
      for (const body of bodiesOf(kind, forms)) {
        const own = await sign(body, secret, new Date());
        const status = await post(`/in/${kind}`, { ...own, ...headers }, body);
        expect([202, 400], `${kind} ${body.slice(0, 200)}`).toContain(status);
      }
      // An event, a header and a query that repeat it, under a signature that is right.
      const [body] = bodiesOf(kind, forms) as [string];
      const own = await sign(body, secret, new Date());
      for (const event of [secret, inHeader])
        await post(`/in/${kind}?token=${inHeader}`, { ...own, 'x-github-event': event }, body);
      if (own['webhook-id'] !== undefined) {
        // An id is signed, and its sender chooses it.
        const { Webhook } = await import('standardwebhooks');
        const now = new Date();
        const id = secret.replace('whsec_', '');
        await post(
          `/in/${kind}`,
          {
            'webhook-id': id,
            'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
            'webhook-signature': new Webhook(secret).sign(id, now, body),
          },
          body,
        );
      }
      // And under wrong ones, which are refused.
      const wrong = Object.fromEntries(
        Object.entries(own).map(([header, value]) => [header, `${value}0`]),
      );
      const others = { ...headers, 'x-token': secret, 'user-agent': secret, cookie: inHeader };
      expect(await post(`/in/${kind}`, { ...others, ...wrong }, body)).toBe(401);
      expect(await post(`/in/${inHeader}`, { ...others, ...own }, body)).toBe(401);
    }
    expect(await post('/in/unfit', { 'webhook-id': secrets['UNFIT_KEY']! }, '{}')).toBe(401);

    const unread = async () =>
      (
        await sql<{ bot: string }>`
          SELECT b.name AS bot FROM engine.sources s JOIN bots b ON b.id = s.bot_id
          WHERE s.last_number > coalesce((SELECT (m.remembered ->> 'read')::bigint FROM engine.check_memories m
                                          WHERE m.bot_id = s.bot_id AND m.check_name = 'deliveries'), 0)`.execute(
          db,
        )
      ).rows;
    await expect.poll(unread, { timeout: 90_000 }).toEqual([]);
    const shown: string[] = [];
    for (const command of [
      ['sources', 'list'],
      ['sources', 'show', 'github'],
      ['sources', 'show', 'unfit', '--json'],
      ['findings', 'list', '--json'],
    ]) {
      const shows = roundsman(root, settings, ...command);
      expect(await shows.ended, shows.heard.err).toBe(0);
      shown.push(shows.heard.out + shows.heard.err);
    }
    const running = processes.stop();
    up.child.kill('SIGTERM');
    if (up.child.exitCode === null) await once(up.child, 'exit');

    const tables = await allTables(db);
    // What each sender said was stored, became findings, and held its secret.
    const { rows } = await sql<{ bot: string }>`
      SELECT DISTINCT b.name AS bot FROM bot_findings f JOIN bots b ON b.id = f.bot_id
      WHERE f.check_name = 'deliveries' ORDER BY 1`.execute(db);
    expect(rows.map(({ bot }) => bot)).toEqual(kinds.toSorted());
    for (const kind of kinds) expect(tables).toContain(`{{secret:${nameOf(kind)}}}`);
    expect(running.processes).toBeGreaterThan(1);
    const files = allFiles(home);
    expect(files).toContain('UNFIT_KEY does not fit');

    const places: Record<string, string> = {
      tables,
      queue: name === 'redis' ? await allKeys(redisUrl!) : '',
      files,
      up: up.heard.out + up.heard.err,
      answers: answers.join('\n'),
      shown: shown.join('\n'),
      processes: running.text,
    };
    expect(
      Object.entries(places).flatMap(([place, text]) =>
        formsIn(text, secrets).map((form) => `${place}: ${form}`),
      ),
    ).toEqual([]);
    // Nor what is left where a text was cut in the middle of one: a third of it at most.
    for (const [secret, value] of Object.entries(secrets)) {
      const part = value.replace('whsec_', '').slice(0, Math.ceil(value.length / 3));
      expect(`${secret} ${tables.includes(part) || files.includes(part)}`).toBe(`${secret} false`);
    }
  }, 300_000);
});
