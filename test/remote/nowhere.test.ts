/**
 * Secrets of remote bots are shown nowhere: real processes run bots whose servers repeat the secrets in every place and form of an
 * answer, and afterwards tables, queue, files, output and processes are searched for them.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { insertBot } from '../cli/rows.ts';
import { formsOf } from '../heal/secret-scene.ts';
import { backends } from '../support/backends.ts';
import { authority, hasOpenssl } from '../support/certificates.ts';
import { testDatabase } from '../support/database.ts';
import { serveHttps } from '../support/http-server.ts';
import { roundsman } from '../support/installation.ts';
import { allFiles, allKeys, allTables, formsIn, watchProcesses } from './nowhere.ts';

const root = new URL('../../', import.meta.url).pathname;

const secretsOfTest = () => ({
  SIGN_KEY: `whsec_${randomBytes(32).toString('base64')}`,
  OLD_KEY: `whsec_${randomBytes(24).toString('base64')}`,
  // What a header can carry, and URLs, JSON and forms write otherwise.
  CRON_KEY: `k"9\\/+${randomBytes(12).toString('base64')}&x=%'<>`,
});

type Answer = (response: ServerResponse, forms: string[]) => void;

const json = (response: ServerResponse, value: unknown, status = 200) =>
  void response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(typeof value === 'string' ? value : JSON.stringify(value));

const checks = (check: object) => ({ checks: [{ name: 'mails', examined: ['a'], ...check }] });

/** Answers of `signed` that repeat secrets, each in another place. */
const signed: Record<string, Answer> = {
  title: (to, forms) =>
    json(
      to,
      checks({
        findings: forms.map((form, at) => ({
          title: `it says ${form}`,
          description: forms.join('\n'),
          component: `c${at}`,
          severity: 'high',
          metadata: { [form]: form, list: forms, nested: { text: JSON.stringify(forms) } },
        })),
      }),
    ),
  keys: (to, forms) =>
    json(
      to,
      checks({ examined: forms, findings: [{ title: 't', component: forms[0], key: forms[1] }] }),
    ),
  figures: (to, forms) =>
    json(to, checks({ findings: [], figures: [{ name: forms[0]!.slice(0, 100), value: 1 }] })),
  error: (to, forms) => json(to, { checks: [{ name: 'mails', error: forms.join(' ') }] }),
  skipped: (to, forms) =>
    json(to, { checks: [{ name: 'mails', skipped: forms.join(' ').slice(0, 500) }] }),
  field: (to, forms) =>
    json(to, { ...checks({ findings: [] }), ...Object.fromEntries(forms.map((f) => [f, f])) }),
  fault: (to, forms) => json(to, forms.join('\n'), 500),
  html: (to, forms) => json(to, `<html>${forms.join('<br>')}</html>`),
  moved: (to, forms) =>
    void to
      .writeHead(302, { location: `https://x.example/?${forms.map(encodeURIComponent)}` })
      .end(),
  wait: (to, forms) =>
    void to
      .writeHead(503, { 'retry-after': '1', 'x-repeated': forms.map(encodeURIComponent).join() })
      .end(forms.join('\n')),
  status: (to, forms) =>
    void to.socket!.end(
      `HTTP/1.1 200 ${encodeURIComponent(forms[0]!)}\r\n${encodeURIComponent(forms[0]!)}\r\n\r\n`,
    ),
  cut: (to, forms) => {
    to.writeHead(200, { 'content-length': '100000' }).write(JSON.stringify(forms));
    setImmediate(() => to.socket?.destroy());
  },
};

const cron: Record<string, Answer> = {
  issues: (to, forms) =>
    json(to, {
      success: true,
      bot: forms[0]!.slice(0, 200),
      executionId: forms[0]!.slice(0, 200),
      result: { status: forms[0]!.slice(0, 100), checksPerformed: 1, issuesFound: 2 },
    }),
  failure: (to, forms) => json(to, { success: false, error: forms.join(' ') }),
  fault: signed.fault!,
  field: (to, forms) => json(to, { success: true, [forms[0]!]: 1 }),
};

describe.runIf(hasOpenssl).each(backends)('with the queue on $name', ({ name, redisUrl }) => {
  test('no secret stands in tables, queue, files, output or processes', async () => {
    const secrets = secretsOfTest();
    /** A server knows the secrets of its own bot. */
    const formsFor = (contract: string) =>
      (contract === 'cron' ? [secrets.CRON_KEY] : [secrets.SIGN_KEY, secrets.OLD_KEY]).flatMap(
        formsOf,
      );
    let asked = 0;
    const own = authority();
    const server = await serveHttps(
      ({ url = '' }, response) => {
        asked += 1;
        const [, contract, answer] = url.split('/') as [string, string, string];
        (contract === 'cron' ? cron : signed)[answer]!(response, formsFor(contract));
      },
      own.issue('bots', 'IP:127.0.0.1'),
    );

    const { db, url } = await testDatabase();
    if (!redisUrl) await migrateQueue(url);
    const ring = `k1:${randomBytes(32).toString('base64')}`;
    for (const [secret, value] of Object.entries(secrets))
      await storeSealed(db, readKeyRing(ring), { name: secret, value, actor: 'ann' });
    await sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify([server.host])}::jsonb)`.execute(
      db,
    );
    const bots = [
      ...Object.keys(signed).map((answer) => ['signed', answer, ['SIGN_KEY', 'OLD_KEY']] as const),
      ...Object.keys(cron).map((answer) => ['cron', answer, ['CRON_KEY']] as const),
    ];
    for (const [contract, answer, named] of bots)
      await insertBot(db, `${contract}-${answer}`, {
        api_endpoint: `${server.url}/${contract}/${answer}`,
        schedule_cron: '0 0 1 1 *',
        max_attempts: 1,
        config: { contract, secrets: [...named], timeout_seconds: 20 },
      });

    const home = mkdtempSync(join(tmpdir(), 'roundsman-nowhere-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const settings = {
      DATABASE_URL: url,
      REDIS_URL: redisUrl ?? '',
      ROUNDSMAN_HOME: home,
      ROUNDSMAN_KEYS: ring,
      ROUNDSMAN_LOG_LEVEL: 'debug',
      NODE_EXTRA_CA_CERTS: own.ca,
    };
    const worker = roundsman(root, settings, 'worker');
    await expect
      .poll(() => worker.lines().map(({ msg }) => msg), { timeout: 30_000 })
      .toContain('started');
    const names = bots.map(([contract, answer]) => `${contract}-${answer}`);
    const round = roundsman(root, settings, 'round', ...names, '--json');
    const processes = watchProcesses([worker.pid, round.pid]);
    await round.ended;
    const verified: { out: string; err: string }[] = [];
    for (const command of [
      ['bots', 'verify', 'signed-title'],
      ['bots', 'verify', 'cron-failure'],
      ['bots', 'verify', 'signed-field'],
    ]) {
      const verify = roundsman(root, settings, ...command);
      await verify.ended;
      verified.push(verify.heard);
    }
    const running = processes.stop();
    worker.child.kill('SIGTERM');
    if (worker.child.exitCode === null) await once(worker.child, 'exit');

    // The bots were called, and what they said was stored.
    expect(asked).toBeGreaterThan(bots.length);
    const tables = await allTables(db);
    expect(tables).toContain('it says {{secret:SIGN_KEY}}');
    expect(tables).toContain('{{secret:OLD_KEY}}');
    expect(tables).toContain('{{secret:CRON_KEY}}');
    expect(running.processes).toBeGreaterThan(2);

    const places: Record<string, string> = {
      tables,
      queue: name === 'redis' ? await allKeys(redisUrl!) : '',
      files: allFiles(home),
      worker: worker.heard.out + worker.heard.err,
      round: round.heard.out + round.heard.err,
      verify: verified.map(({ out, err }) => out + err).join('\n'),
      processes: running.text,
    };
    if (name === 'redis') expect(places.queue).not.toBe('');
    expect(
      Object.entries(places).flatMap(([place, text]) =>
        formsIn(text, secrets).map((form) => `${place}: ${form}`),
      ),
    ).toEqual([]);
    // The search finds what is there.
    expect(formsIn(`x ${encodeURIComponent(secrets.CRON_KEY)} x`, secrets)).not.toEqual([]);
  }, 240_000);
});
