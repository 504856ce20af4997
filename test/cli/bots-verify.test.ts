/** The commands of remote bots: added by their address, verified line by line, shown with their settings and their secrets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { authority, hasOpenssl } from '../support/certificates.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman, start } from './command.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { db, url } = await testDatabase();
const secret = `whsec_${Buffer.from('a key of a test, 32 bytes long..').toString('base64')}`;
const address = 'https://127.0.0.1:1/api/bots/mail';
const statusOf = (name: string) =>
  db.selectFrom('bots').select(['api_endpoint', 'config']).where('name', '=', name).execute();

test('an address is taken as an endpoint, with the settings of a remote bot', async () => {
  const add = (name: string, endpoint: string, ...rest: string[]) =>
    roundsman(url, 'bots', 'add', name, '--endpoint', endpoint, '--schedule', '@daily', ...rest);
  const added = await add('mail', address, '--set', 'secrets=["MAIL_KEY"]');
  expect({ code: added.code, err: added.err }).toMatchObject({ code: 0 });
  expect(added.out).toContain(
    'Its secret MAIL_KEY is not stored: `npx roundsman secrets set MAIL_KEY` stores it.',
  );
  expect(await statusOf('mail')).toEqual([
    { api_endpoint: address, config: { secrets: ['MAIL_KEY'] } },
  ]);
  const shown = await roundsman(url, 'bots', 'show', 'mail');
  expect(shown.out).toContain('MAIL_KEY');
  expect(shown.out).toContain('contract = "signed" (default)');
  for (const [endpoint, why] of [
    ['http://app.example.com/api', 'over https alone'],
    ['https://ann:pw@app.example.com/api', 'a user or a password'],
    ['https://app.example.com/#part', 'holds a #'],
    ['ftp://app.example.com/', 'begins with ftp:'],
    ['/api/bots/sentnel', 'did you mean /api/bots/sentinel'],
  ] as const) {
    const refused = await add('other', endpoint);
    expect({ code: refused.code, endpoint }).toEqual({ code: 2, endpoint });
    expect(refused.err).toContain(why);
  }
  const unknown = await add('other', address, '--set', 'secret=MAIL_KEY');
  expect(unknown.err).toContain('secret is not a setting of remote');
  expect(unknown.err).toContain('did you mean secrets?');
  const wrong = await add('other', address, '--set', 'secrets=["mail key"]');
  expect(wrong.err).toContain('has to be the name of a secret');
  const catalogue = await roundsman(url, 'bots', 'catalogue', 'remote');
  expect(catalogue.out).toContain('timeout_seconds');
});

describe.runIf(hasOpenssl)('verify', () => {
  test('prints a line for each point, and ends with 1 if one is wrong', async () => {
    const own = authority();
    const { cert, key } = own.issue('example', 'IP:127.0.0.1');
    const environment = { TLS_CERT: cert, TLS_KEY: key, PORT: '0', ROUNDSMAN_SECRET: secret };
    const child = spawn(process.execPath, ['examples/remote-bot/server.ts'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, ...environment },
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const host = `127.0.0.1:${/\d+$/.exec(line)![0]}`;
    const stored = await roundsman(url, 'secrets', 'set', 'MAIL_KEY', '--from-env', 'MAIL');
    expect(stored.code).toBe(0);
    const env = { MAIL: secret, NODE_EXTRA_CA_CERTS: own.ca };
    const verify = (...args: string[]) =>
      start(url, ['bots', 'verify', `https://${host}/api/bots/mail`, ...args], env).ended;

    const early = await verify('--secret', 'MAIL_KEY');
    expect(early.code).toBe(1);
    expect(early.out).toContain(
      `WRONG  it answers: not called: ${host} is not among the allowed hosts; \`npx roundsman settings http_hosts --add ${host}\` allows this port`,
    );
    expect(early.out).toMatch(/It is not known whether .* keeps .*: 1 of 2 points is wrong/);
    const allowed = await roundsman(url, 'settings', 'http_hosts', host);
    expect(allowed.code).toBe(0);
    const untrusting = start(
      url,
      ['bots', 'verify', `https://${host}/api/bots/mail`, '--secret', 'MAIL_KEY'],
      { MAIL: secret },
    );
    const untrusted = (await untrusting.ended).out;
    expect(untrusted).toMatch(/certificate; if an authority of your own .*NODE_EXTRA_CA_CERTS=/);
    expect(untrusted).not.toContain('use-system-ca');

    const right = await verify('--secret', 'MAIL_KEY');
    expect(right.out).toMatch(
      /^ok +its secret can be used: MAIL_KEY\nok +it answers: 200 within .*\nok +its answer fits the contract: 1 key examined, 0 findings\n/,
    );
    expect(right.out).toContain('ok     it refuses an old timestamp: 401');
    expect(right.out).toContain('keeps the contract signed.');
    expect(right.code).toBe(0);

    const wrong = await verify('--secret', 'MAIL_KEY', '--contract', 'cron', '--json');
    expect(wrong.code).toBe(1);
    expect(wrong.json()).toMatchObject({ contract: 'cron', ok: false });
    expect(right.out + wrong.out + early.out).not.toContain(secret.slice(6));

    const uses = await roundsman(url, 'secrets', 'list');
    expect(uses.out).toContain('bot mail');
  }, 180_000);

  test('is for remote bots', async () => {
    const local = await roundsman(url, 'bots', 'verify', 'http://app.example.com/');
    expect(local.code).toBe(2);
    expect(local.err).toContain('over https alone');
  });
});
