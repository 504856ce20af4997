/** The server of a remote bot is killed in the middle of its answer: the next attempt works, and nothing is twice. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { authority, hasOpenssl, trust } from '../support/certificates.ts';
import { attempt } from '../support/runs.ts';
import { asyncScene } from './async-scene.ts';
import { calm, json, remoteScene, type Seen } from './scene.ts';

const program = fileURLToPath(new URL('server-process.ts', import.meta.url));

type Message = { port: number } | { asked: Seen } | { half: true };

/** Servers on one port, one after the other. `asked` has what all of them were asked. */
async function servers() {
  const own = authority();
  trust(own);
  const { cert, key } = own.issue('bot', 'IP:127.0.0.1');
  const asked: Seen[] = [];
  let port = 0;

  async function serve(answer: unknown, { status = 200, half = false } = {}) {
    const body = JSON.stringify(answer);
    const args = [cert, key, String(port), String(status), body, ...(half ? ['half'] : [])];
    const child = fork(program, args);
    const kill = async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    };
    onTestFinished(kill);
    const isHalf = Promise.withResolvers<void>();
    const isListening = Promise.withResolvers<void>();
    child.on('message', (message: Message) => {
      if ('asked' in message) asked.push(message.asked);
      else if ('half' in message) isHalf.resolve();
      else {
        port = message.port;
        isListening.resolve();
      }
    });
    await isListening.promise;
    return { kill, half: isHalf.promise };
  }

  return {
    asked,
    serve,
    host: () => `127.0.0.1:${port}`,
    ids: () => asked.map(({ headers }) => headers['webhook-id'] as string),
  };
}

/** Lets the pause before the next attempt be over. */
const waited = (db: Db, id: string) =>
  sql`UPDATE bot_executions SET run_after = engine.now() - interval '1 ms' WHERE id = ${id}`.execute(
    db,
  );

const broken = {
  checks: [
    {
      name: 'mails',
      examined: ['outbox'],
      findings: [{ title: 'mails wait', component: 'outbox', severity: 'high' }],
    },
  ],
};

const cutOff = {
  status: 'queued',
  attempt: 1,
  reason: 'check errored',
  error_message: expect.stringMatching(/other side closed|ECONNRESET|terminated|aborted/),
};

describe.runIf(hasOpenssl)('killed in the middle', () => {
  test.each([
    ['signed', 'BOT_KEY', broken],
    [
      'cron',
      'CRON_KEY',
      { success: true, result: { checksPerformed: 2, issuesFound: 1, issuesFixed: 0 } },
    ],
  ])('of an answer of %s', async (contract, secret, answer) => {
    const { asked, serve, host, ids } = await servers();
    const first = await serve(answer, { half: true });
    const scene = await remoteScene(json({}), {
      endpoint: `https://${host()}/mail`,
      hosts: [host()],
      config: { contract, secrets: [secret] },
    });
    const running = scene.round({ max_attempts: 3 });
    await first.half;
    await first.kill();
    const row = await running;
    expect(row).toMatchObject(cutOff);
    expect(await scene.findings()).toEqual([]);
    // Nothing listens yet.
    await waited(scene.db, row.id);
    expect(await attempt(scene.engine, row.id)).toMatchObject({
      status: 'queued',
      attempt: 2,
      error_message: expect.stringContaining('ECONNREFUSED'),
    });
    await serve(answer);
    await waited(scene.db, row.id);
    expect(await attempt(scene.engine, row.id)).toMatchObject({
      status: 'success',
      attempt: 3,
      issues_found: 1,
    });
    expect(await scene.findings()).toMatchObject([{ occurrences: 1, resolved_at: null }]);
    expect(asked).toHaveLength(2);
    if (contract === 'signed') expect(ids()).toEqual([`${row.id}_1`, `${row.id}_3`]);
  });

  test('of a 202: the next attempt asks under another id, and a report of the first one counts no more', async () => {
    const { asked, serve, host, ids } = await servers();
    const first = await serve({ lease_seconds: 60 }, { status: 202, half: true });
    const scene = await asyncScene(json({}), {
      endpoint: `https://${host()}/mail`,
      hosts: [host()],
    });
    const running = scene.round({ max_attempts: 3 });
    await first.half;
    await first.kill();
    const row = await running;
    expect(row).toMatchObject(cutOff);
    expect(await scene.rows()).toMatchObject([
      { accepted_at: null, given_up_at: expect.any(Date) },
    ]);
    await serve({ lease_seconds: 60 }, { status: 202 });
    await waited(scene.db, row.id);
    const next = attempt(scene.engine, row.id);
    await expect.poll(async () => (await scene.rows()).at(-1)!.accepted_at).not.toBeNull();
    expect(await scene.report(asked[0]!, broken)).toMatchObject({ status: 410 });
    expect(await scene.report(asked[1]!, broken)).toMatchObject({ status: 202 });
    expect(await next).toMatchObject({ status: 'success', attempt: 2, issues_found: 1 });
    expect(await scene.findings()).toMatchObject([{ occurrences: 1 }]);
    expect(ids()).toEqual([`${row.id}_1`, `${row.id}_2`]);
  });

  test('of a 202 that it has taken on: the report that comes before the end of the request counts, once', async () => {
    const { asked, serve, host } = await servers();
    const first = await serve({ lease_seconds: 60 }, { status: 202, half: true });
    const scene = await asyncScene(json({}), {
      endpoint: `https://${host()}/mail`,
      hosts: [host()],
    });
    const running = scene.round({ max_attempts: 3 });
    await first.half;
    expect(await scene.report(asked[0]!, calm)).toMatchObject({ status: 202 });
    await first.kill();
    expect(await running).toMatchObject({ status: 'success', attempt: 1, checks_performed: 1 });
    expect(await scene.report(asked[0]!, calm)).toMatchObject({ status: 202 });
    expect(await scene.report(asked[0]!, broken)).toMatchObject({ status: 409 });
    expect(asked).toHaveLength(1);
  });
});
