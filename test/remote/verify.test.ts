/** `roundsman bots verify`: the example of a remote bot keeps all contracts, and servers that do not are told why. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { describe, expect, onTestFinished, test } from 'vitest';
import { verifyRemote } from '../../src/services/bots/verify.ts';
import { authority, hasOpenssl, trust } from '../support/certificates.ts';
import { asyncScene, takesOn } from './async-scene.ts';
import { serveHttp } from '../support/http-server.ts';
import { set } from '../support/runs.ts';
import { calm, cronSecret, json, remoteScene, signingSecret, type Answer } from './scene.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { signal } = new AbortController();
const ann = { name: 'ann', role: 'owner' } as const;

type Scene = Pick<Awaited<ReturnType<typeof remoteScene>>, 'db' | 'keys'>;

const verify = ({ db, keys }: Scene, given: Partial<Parameters<typeof verifyRemote>[1]> = {}) =>
  verifyRemote(
    { db, actor: ann, sources: { keys, variable: () => undefined } },
    { bot: 'mail', signal, ...given },
  );

/** What is wrong, with its reason. */
const wrong = ({ points }: Awaited<ReturnType<typeof verify>>) =>
  points.filter(({ ok }) => !ok).map(({ what, why }) => `${what}: ${why}`);

/** Starts examples/remote-bot/server.ts in a process of its own, with a certificate that this process trusts. */
async function startExample(environment: Record<string, string>): Promise<string> {
  const own = authority();
  trust(own);
  const { cert, key } = own.issue('example', 'IP:127.0.0.1');
  const child = spawn(process.execPath, ['examples/remote-bot/server.ts'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, PORT: '0', TLS_CERT: cert, TLS_KEY: key, ...environment },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return `127.0.0.1:${/\d+$/.exec(line)![0]}`;
}

const bothSecrets = { ROUNDSMAN_SECRET: signingSecret, CRON_SECRET: cronSecret };

describe.runIf(hasOpenssl)('the example of a remote bot', () => {
  test.each([
    ['signed', 'BOT_KEY', '400 mails wait', 'mails-sent/outbox'],
    ['cron', 'CRON_KEY', 'found 1 issue, and fixed 0', 'issues'],
  ] as const)('keeps the contract %s, and its finding comes and goes', async (...each) => {
    const [contract, secret, title, key] = each;
    const config = { contract, secrets: [secret] };
    const host = await startExample({ ...bothSecrets, WAITING_MAILS: '400' });
    const endpoint = `https://${host}/api/bots/mail`;
    const scene = await remoteScene(json(calm), { config, endpoint, hosts: [host] });
    const verified = await verify(scene);
    expect({ wrong: wrong(verified), ok: verified.ok }).toEqual({ wrong: [], ok: true });
    expect(verified.points.length).toBeGreaterThanOrEqual(6);
    expect(await scene.round()).toMatchObject({ status: 'success', issues_found: 1 });
    const [found] = await scene.findings();
    expect(found).toMatchObject({ component_key: key, title: expect.stringContaining(title) });
  });

  test('keeps the contract async: it takes the request on, and its report ends the run', async () => {
    const host = await startExample({ ...bothSecrets, WAITING_MAILS: '400' });
    const endpoint = `https://${host}/api/bots/mail`;
    const scene = await asyncScene(json(calm), { endpoint, hosts: [host] });
    const verified = await verify(scene);
    expect({ wrong: wrong(verified), ok: verified.ok }).toEqual({ wrong: [], ok: true });
    const said = verified.points.map(({ what, why }) => `${what}: ${why}`).join('\n');
    expect(said).toMatch(
      /roundsman web takes reports: .* whether the remote bot reaches it is not/,
    );
    expect(said).toMatch(/its answer fits the contract: it reports later, within 60 s/);
    expect(said).toMatch(/its report: not checked, .*npx roundsman bots run mail/);
    expect(await scene.rows()).toEqual([]);
    expect(await scene.round()).toMatchObject({ status: 'success', issues_found: 1 });
    expect(await scene.findings()).toMatchObject([{ component_key: 'mails-sent/outbox' }]);
    expect((await scene.rows())[0]).toMatchObject({ received_at: expect.any(Date) });
  });

  test('refuses everything where its own secrets are not set', async () => {
    const host = await startExample({});
    for (const [contract, secret] of [
      ['signed', 'BOT_KEY'],
      ['cron', 'CRON_KEY'],
    ]) {
      const scene = await remoteScene(json(calm), {
        config: { contract, secrets: [secret] },
        endpoint: `https://${host}/api/bots/mail`,
        hosts: [host],
      });
      expect(wrong(await verify(scene))).toEqual([
        expect.stringContaining('its answer fits the contract: it answered 401'),
      ]);
    }
  });
});

/** A server that looks at the signature, and not at the time. */
const withoutTime: Answer = ({ headers, body }, response) => {
  const [id, time, given] = ['id', 'timestamp', 'signature'].map(
    (name) => headers[`webhook-${name}`] as string,
  );
  const own = new Webhook(signingSecret).sign(id!, new Date(Number(time) * 1_000), body);
  response.writeHead(own === given ? 200 : 401).end(JSON.stringify(calm));
};

describe.runIf(hasOpenssl)('a server is told', () => {
  test('that it looks at no signature', async () => {
    expect(wrong(await verify(await remoteScene(json(calm))))).toEqual([
      expect.stringContaining('it refuses a wrong signature: it answered 200'),
      expect.stringContaining('it refuses a request without a signature'),
      expect.stringContaining('it refuses a changed body'),
      expect.stringContaining('it refuses an old timestamp'),
    ]);
  });

  test('what its statuses show, and is left alone where it asks to wait or is gone', async () => {
    const moved = wrong(
      await verify(await remoteScene((_, response) => void response.writeHead(302).end())),
    );
    expect(moved.slice(1)).toHaveLength(4);
    for (const point of moved.slice(1))
      expect(point).toMatch(/answered 302, and has to answer 401$/);
    for (const [status, headers] of [
      [429, { 'retry-after': '60' }],
      [410, {}],
    ] as const) {
      const scene = await remoteScene(
        (_, response) => void response.writeHead(status, headers).end(),
      );
      expect(wrong(await verify(scene))).toEqual([
        expect.stringMatching(new RegExp(`answered ${status}.*refuse were not sent$`)),
      ]);
      expect(scene.seen).toHaveLength(1);
    }
  });

  test('that it takes old requests', async () => {
    expect(wrong(await verify(await remoteScene(withoutTime)))).toEqual([
      expect.stringContaining('it refuses an old timestamp: it answered 200'),
    ]);
  });

  test('that it takes Bearer undefined', async () => {
    const careless: Answer = ({ headers }, response) =>
      void response
        .writeHead(headers.authorization === `Bearer ${process.env.NOT_SET}` ? 200 : 401)
        .end('{}');
    const scene = await remoteScene(careless, {
      config: { contract: 'cron', secrets: ['CRON_KEY'] },
    });
    expect(wrong(await verify(scene))).toContainEqual(
      expect.stringContaining('it refuses `Bearer undefined`: it answered 200'),
    );
  });

  test('which field does not fit, and when nothing can be reached', async () => {
    const scene = await remoteScene(json({ checks: [], more: 1 }));
    expect(wrong(await verify(scene))[0]).toContain('more: the contract knows no such field');
    await scene.allow([]);
    expect(wrong(await verify(scene))).toEqual([expect.stringContaining('it answers: not called')]);
    await expect(verify(scene, { secrets: ['NO_SUCH'] })).rejects.toThrow(
      'there is no secret NO_SUCH',
    );
  });

  test('what can be verified: an address with its secret, and no bot of the catalogue', async () => {
    const scene = await remoteScene(withoutTime);
    const address = `${scene.url}/anything`;
    expect(wrong(await verify(scene, { bot: address }))[0]).toContain('none is named');
    const { endpoint, points } = await verify(scene, { bot: address, secrets: ['BOT_KEY'] });
    expect({ endpoint, answers: points[1] }).toMatchObject({
      endpoint: address,
      answers: { ok: true },
    });
    await expect(verify(scene, { bot: 'other' })).rejects.toThrow('names a bot of the catalogue');
    await expect(verify(scene, { bot: 'http://127.0.0.1/' })).rejects.toThrow('over https alone');
    await expect(verify(scene, { bot: 'nil' })).rejects.toThrow('no bot nil');
  });
});

describe.runIf(hasOpenssl)('the listener of an asynchronous bot', () => {
  test('has to be known, to answer, and to be one of Roundsman', async () => {
    const scene = await asyncScene(takesOn());
    expect(wrong(await verify(scene))).toEqual(
      ['a wrong signature', 'a request without', 'a changed body', 'an old timestamp'].map((what) =>
        expect.stringContaining(`it refuses ${what}`),
      ),
    );
    const asked = scene.seen.length;
    await scene.close();
    expect(wrong(await verify(scene))).toEqual([
      expect.stringMatching(/takes reports: .*ECONNREFUSED.*`npx roundsman web` has to run/),
    ]);
    const other = await serveHttp((_, response) => void response.end('well'));
    await set(scene.db, 'web_url', other.url);
    expect(wrong(await verify(scene))).toEqual([
      expect.stringMatching(/takes reports: .* answered 200 .*, and has to answer 401/),
    ]);
    await set(scene.db, 'web_url', 'http://app.example.com');
    expect(wrong(await verify(scene))).toEqual([
      expect.stringMatching(/its address is not set.*settings web_url/),
    ]);
    // None of these reached the remote bot.
    expect(scene.seen).toHaveLength(asked);
  });
});
