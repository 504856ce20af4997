/**
 * Secrets of GitHub, Slack and mail servers are shown nowhere: real processes use them with servers that repeat them in answers, and
 * afterwards tables, queue, files, output and processes are searched for them.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { migrateQueue } from '../../src/queue/backend.ts';
import { formsOf } from '../heal/secret-scene.ts';
import { channel, slackServer, token as slackToken } from '../notify/slack-server.ts';
import { answerOf, smtpServer } from '../notify/smtp-server.ts';
import { messages, openTickets, setNotifications } from '../notify/tickets.ts';
import { allFiles, allKeys, allTables, formsIn, watchProcesses } from '../remote/nowhere.ts';
import { backends } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from '../support/installation.ts';
import { reply, serveGitHub } from './server.ts';
import { commitOf, repositoryState } from './state.ts';

const root = new URL('../../', import.meta.url).pathname;
const settled = { timeout: 90_000, interval: 100 };

const app = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

const random = (bytes: number) => randomBytes(bytes).toString('base64url');

/** A repository in whose every text these stand: names of programs, of workflows and jobs, annotations, deploy keys. */
const repeating = (texts: string[]) =>
  repositoryState('acme/shop', new Date(), {
    commits: [1, 2, 3, 4].map((n) =>
      commitOf(new Date(Date.now() - n * 600_000), n < 4 ? 'FAILURE' : 'SUCCESS', {
        name: texts.join(' ').slice(0, 200),
      }),
    ),
    suites: [
      {
        status: 'COMPLETED',
        conclusion: 'FAILURE',
        at: new Date(Date.now() - 600_000),
        workflow: { name: texts[0]!, run: 77 },
        runs: texts.map((text) => ({
          name: text,
          conclusion: 'FAILURE',
          annotations: [`The job was not started because ${text}`],
        })),
      },
    ],
    keys: texts.slice(0, 20).map((title, id) => ({
      id,
      title,
      read_only: false,
      created_at: '2020-01-01T00:00:00Z',
      last_used: null,
    })),
  });

describe.each(backends)('with the queue on $name', ({ name, redisUrl }) => {
  test('no secret stands in tables, queue, files, output or processes', async () => {
    const secrets = {
      GITHUB_TOKEN: `ghp_${random(27)}`,
      GITHUB_APP_KEY: app.privateKey,
      ISSUE_TOKEN: `ghp_${random(27)}`,
      SLACK_TOKEN: slackToken,
      SMTP_PASSWORD: `p"s\\/${random(12)}&+=`,
    };
    const { db, url } = await testDatabase();
    if (!redisUrl) await migrateQueue(url);
    const ring = `k1:${randomBytes(32).toString('base64')}`;
    const github = await serveGitHub([repeating(formsOf(secrets.GITHUB_TOKEN))]);
    const issues = await serveGitHub([repositoryState('acme/alarms', new Date())]);
    const slack = await slackServer();
    const said = formsOf(secrets.SMTP_PASSWORD).join(' ').slice(0, 400);
    const smtp = await smtpServer({}, { auth: answerOf(535, `no such password: ${said}`) });
    github.state.token = secrets.GITHUB_TOKEN;
    github.state.app = { id: 7, publicKey: app.publicKey };
    issues.state.token = secrets.ISSUE_TOKEN;
    const hook = { SLACK_HOOK: slack.webhook };
    for (const [secret, value] of Object.entries({ ...secrets, ...hook }))
      await storeSealed(db, readKeyRing(ring), { name: secret, value, actor: 'ann' });
    const hosts = [github.host, issues.host, slack.host, `127.0.0.1:${smtp.port}`];
    await sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify(hosts)}::jsonb)`.execute(
      db,
    );

    const home = mkdtempSync(join(tmpdir(), 'roundsman-nowhere-'));
    onTestFinished(() => rmSync(home, { recursive: true, force: true }));
    const settings = {
      DATABASE_URL: url,
      REDIS_URL: redisUrl ?? '',
      ROUNDSMAN_HOME: home,
      ROUNDSMAN_KEYS: ring,
      ROUNDSMAN_LOG_LEVEL: 'debug',
    };
    const worker = roundsman(root, settings, 'worker');
    await expect.poll(() => worker.lines().map(({ msg }) => msg), settled).toContain('started');
    const processes = watchProcesses([worker.pid]);
    const configure = (more: object) =>
      sql`UPDATE bots SET status = 'active', config = ${JSON.stringify({
        base_url: github.url,
        repositories: ['acme/shop'],
        ...more,
      })}::jsonb WHERE name = 'architect'`.execute(db);
    const shown: string[] = [];
    const command = async (...args: string[]) => {
      const running = roundsman(root, settings, ...args);
      await running.ended;
      shown.push(running.heard.out + running.heard.err);
    };
    await configure({});
    await command('round', 'architect', '--json');
    const findings = () =>
      db.selectFrom('bot_findings').select('check_name').where('resolved_at', 'is', null).execute();
    expect((await findings()).length).toBeGreaterThan(1);

    // As an app: the key signs, and the token of its installation is what GitHub repeats next, perhaps to a process that has another.
    await configure({ app_id: 7, installation_id: 3 });
    await command('round', 'architect', '--json');
    const given = github.state.requests.flatMap(
      ({ headers }) => /ghs_\w+/.exec(headers.authorization ?? '')?.[0] ?? [],
    );
    expect(given.length).toBeGreaterThan(0);
    const jwts = github.state.requests.flatMap(
      ({ headers }) => /eyJ[\w.-]+/.exec(headers.authorization ?? '')?.[0] ?? [],
    );
    expect(jwts.length).toBeGreaterThan(0);
    const known = { ...secrets, ...hook, INSTALLATION: given[0]! };
    github.state.repositories[0] = repeating([
      given[0]!,
      JSON.stringify({ token: given[0] }),
      `https://x-access-token:${given[0]}@github.com/acme/shop`,
      ...formsOf(secrets.GITHUB_APP_KEY).map((form) => form.slice(0, 400)),
    ]);
    github.state.instead.push(({ pathname }, answer) =>
      pathname.endsWith('/workflow')
        ? reply(github.state, answer, 403, { message: formsOf(given[0]!).join(' ') })
        : 'pass',
    );
    await command('round', 'architect', '--json');

    // Channels whose receivers refuse at first, and say the secret in the refusal.
    await setNotifications(db, {
      channels: {
        chat: { kind: 'slack', token: '{{secret:SLACK_TOKEN}}', channel, api_url: slack.api },
        hook: { kind: 'slack', webhook_url: '{{secret:SLACK_HOOK}}' },
        mail: {
          kind: 'email',
          host: '127.0.0.1',
          port: smtp.port,
          security: 'none',
          user: 'ann',
          password: '{{secret:SMTP_PASSWORD}}',
          from: 'roundsman@example.com',
          to: ['ops@example.com'],
        },
        issue: {
          kind: 'github-issue',
          token: '{{secret:ISSUE_TOKEN}}',
          repository: 'acme/alarms',
          base_url: issues.url,
        },
      },
      routes: [{ to: ['chat', 'hook', 'mail', 'issue'] }],
      hosts,
    });
    const body = formsOf(secrets.SLACK_TOKEN).join(' ');
    slack.fail(/chat\.postMessage/, { status: 500, body });
    slack.fail(/\/services\//, { status: 500, body: formsOf(slack.webhook).join(' ') });
    issues.state.instead.push((_, answer) =>
      reply(issues.state, answer, 422, { message: formsOf(secrets.ISSUE_TOKEN).join(' ') }),
    );
    await openTickets(db, 1, { severity: 'critical' });
    const tried = async () =>
      new Set(
        (await messages(db))
          .filter(({ attempts }) => Number(attempts) > 0)
          .map((each) => each.channel),
      ).size;
    await expect.poll(tried, settled).toBe(4);
    await expect.poll(() => allTables(db), settled).toContain('refused the login');
    await command('notify', 'list', '--json');
    await command('findings', 'list', '--json');
    await command('doctor', '--json');
    const running = processes.stop();
    worker.child.kill('SIGTERM');
    if (worker.child.exitCode === null) await once(worker.child, 'exit');

    const tables = await allTables(db);
    expect(tables).toContain('{{secret:GITHUB_TOKEN}}');
    expect(running.processes).toBeGreaterThan(1);
    const places: Record<string, string> = {
      tables,
      queue: name === 'redis' ? await allKeys(redisUrl!) : '',
      files: allFiles(home),
      worker: worker.heard.out + worker.heard.err,
      shown: shown.join('\n'),
      processes: running.text,
    };
    // Each line of the key is as good as the whole.
    const lines = app.privateKey.split('\n').filter((line) => line.length > 40);
    for (const [place, text] of Object.entries(places)) {
      expect(formsIn(text, known).map((form) => `${place}: ${form}`)).toEqual([]);
      for (const part of [...lines, ...jwts])
        expect(`${place} ${text.includes(part)}`).toBe(`${place} false`);
    }
    // The search finds what is there.
    expect(formsIn(JSON.stringify(secrets), secrets)).not.toEqual([]);
  }, 300_000);
});
