/** The contract `signed`: what is sent, and what each answer means for the run. */
import { sql } from 'kysely';
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import type { CheckContext } from '../../src/contract/check.ts';
import { askRemote } from '../../src/remote/ask.ts';
import { remoteConfig } from '../../src/remote/config.ts';
import { requestDocument } from '../../src/remote/document.ts';
import { everythingIn, formsOf } from '../heal/secret-scene.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { carried, queuedRun, set } from '../support/runs.ts';
import { calm, json, remoteScene, signingSecret, type Seen } from './scene.ts';

const broken = (rest: object = {}) => ({
  checks: [
    {
      name: 'mails',
      examined: ['outbox', 'inbox'],
      findings: [{ title: '400 mails wait', component: 'outbox', ...rest }],
      figures: [{ name: 'waiting mails', value: 400 }],
    },
  ],
});

const headersOf = ({ headers }: Seen) => headers as Record<string, string>;

describe.runIf(hasOpenssl)('a signed bot', () => {
  test('gets a request that the library of Standard Webhooks verifies, with run, bot, slot and config', async () => {
    const { seen, round } = await remoteScene(json(calm), {
      config: { config: { queue: 'mail' } },
    });
    const slot = new Date('2027-01-10T12:05:00.000Z');
    const { id, status, checks_performed } = await round({
      max_attempts: 1,
      trigger: 'schedule',
      scheduled_for: slot,
    });
    expect({ status, checks_performed }).toEqual({ status: 'success', checks_performed: 1 });
    const [sent] = seen as [Seen];
    expect(sent).toMatchObject({ method: 'POST', url: '/api/bots/mail' });
    const document = new Webhook(signingSecret).verify(sent.body, headersOf(sent));
    expect(requestDocument.parse(document)).toEqual({
      version: 1,
      run: { id, attempt: 1, trigger: 'schedule', since: null },
      bot: { name: 'mail', schedule: '*/5 * * * *' },
      slot: slot.toISOString(),
      config: { queue: 'mail' },
    });
    expect(sent.headers).toMatchObject({
      'webhook-id': `${id}_1`,
      'content-type': 'application/json',
      'accept-encoding': 'identity',
    });
    expect(sent.headers.authorization).toBeUndefined();
    const other = `whsec_${randomBytes(32).toString('base64')}`;
    expect(() => new Webhook(other).verify(sent.body, headersOf(sent))).toThrow('signature');
  });

  test('is signed with each of its secrets while they are exchanged', async () => {
    const next = `whsec_${randomBytes(32).toString('base64')}`;
    const { db, keys, seen, round, configure } = await remoteScene(json(calm));
    await storeSealed(db, keys, { name: 'NEXT_KEY', value: next, actor: 'ann' });
    await configure({ secrets: ['BOT_KEY', 'NEXT_KEY'] });
    expect(await round()).toMatchObject({ status: 'success' });
    for (const secret of [signingSecret, next])
      expect(new Webhook(secret).verify(seen[0]!.body, headersOf(seen[0]!))).toBeTruthy();
  });

  test('reports findings, with its own defaults, that resolve when their keys are examined and not reported', async () => {
    const { scene, round, findings, db } = await remoteScene(json(broken()), {
      config: { severity: 'high', category: 'mail' },
    });
    expect(await round()).toMatchObject({ status: 'success', issues_found: 1 });
    expect(await findings()).toMatchObject([
      {
        severity: 'high',
        category: 'mail',
        title: '400 mails wait',
        affected_component: 'outbox',
        component_key: 'mails/outbox',
        resolved_at: null,
      },
    ]);
    const { metadata } = await db
      .selectFrom('bot_executions')
      .select('metadata')
      .executeTakeFirstOrThrow();
    expect(metadata).toMatchObject({
      checks: [
        {
          name: 'remote',
          examined: 2,
          findings: 1,
          figures: [{ name: 'waiting mails', value: 400 }],
        },
      ],
    });
    // Another key was examined: nothing is known of the first one.
    scene.answer = json({ checks: [{ name: 'mails', examined: ['inbox'], findings: [] }] });
    await round();
    expect((await findings())[0]).toMatchObject({ resolved_at: null });
    scene.answer = json(calm);
    await round();
    expect((await findings())[0]).toMatchObject({ resolution_method: 'cleared' });
  });

  test('that looks at nothing counts as a run that looked at nothing', async () => {
    const { round, db } = await remoteScene(
      json({ checks: [{ name: 'mails', examined: [], findings: [] }] }),
    );
    expect(await round()).toMatchObject({ status: 'success' });
    const { metadata } = await db
      .selectFrom('bot_executions')
      .select('metadata')
      .executeTakeFirstOrThrow();
    expect(metadata).toMatchObject({ checks: [{ examined: 0 }] });
  });

  test('may count what it examined where it has one check', async () => {
    const { scene, round, findings } = await remoteScene(json(broken()));
    await round();
    scene.answer = json({
      checks: [{ name: 'mails', examined: { count: 400, except: ['outbox'] }, findings: [] }],
    });
    await round();
    expect((await findings())[0]).toMatchObject({ resolved_at: null });
    scene.answer = json({
      checks: [{ name: 'mails', examined: { count: 400, except: [] }, findings: [] }],
    });
    await round();
    expect((await findings())[0]).toMatchObject({ resolution_method: 'cleared' });
  });

  test('says of one check that it could not look: the others count, and its findings stay', async () => {
    const both = { checks: [...broken().checks, { name: 'disk', examined: ['a'], findings: [] }] };
    const { scene, round, findings } = await remoteScene(json(both));
    await round();
    const failing = {
      checks: [
        { name: 'mails', error: 'the queue does not answer' },
        { name: 'disk', examined: ['a'], findings: [] },
      ],
    };
    scene.answer = json(failing);
    expect(await round()).toMatchObject({ status: 'success', issues_found: 1 });
    expect(await findings()).toMatchObject([
      { title: '400 mails wait', resolved_at: null },
      {
        title: expect.stringMatching(/^Check mails of 127[.]0[.]0[.]1:\d+\S* could not look$/),
        description: 'the queue does not answer',
      },
    ]);
    scene.answer = json({ checks: [calm.checks[0], { name: 'disk', skipped: 'at night' }] });
    await round();
    expect((await findings()).map(({ resolution_method }) => resolution_method)).toEqual([
      'cleared',
      'cleared',
    ]);
    scene.answer = json({ checks: [{ name: 'mails', error: 'no queue' }] });
    expect(await round()).toMatchObject({
      status: 'failed',
      error_message: 'remote: mails could not look: no queue',
    });
  });

  test.each([
    ['an answer without checks is hollow', { checks: [] }, 'answered 200 without a check'],
    ['an unknown field', { checks: [], cheks: 1 }, 'cheks: the contract knows no such field'],
    [
      'an unknown field of a finding',
      broken({ severty: 'high' }),
      'checks.0.findings.0.severty: the contract knows no such field',
    ],
    [
      'a severity that there is not',
      broken({ severity: 'urgent' }),
      'checks.0.findings.0.severity',
    ],
    ['a check without a result', { checks: [{ name: 'a' }] }, 'needs exactly one of: a result'],
    ['half a result', { checks: [{ name: 'a', findings: [] }] }, 'both `examined` and `findings`'],
    ['a name that is used twice', { checks: [calm.checks[0], calm.checks[0]] }, 'is used twice'],
    ['no object', 'null', 'the answer: has to be an object'],
    ['no JSON', '<html>we are sorry</html>', 'the answer is not JSON'],
    ['nothing', '', 'the answer is empty'],
    ['deep lists', '['.repeat(33) + ']'.repeat(33), 'nested deeper than 32 levels'],
    ['endless lists', '['.repeat(500_000), 'nested deeper than 32 levels'],
  ])('fails its run by %s', async (_, body, why) => {
    const { round, findings } = await remoteScene(json(body));
    const { status, error_message } = await round();
    expect(status).toBe('failed');
    expect(error_message).toContain(why);
    expect(await findings()).toEqual([]);
  });

  test.each([
    [401, 'it refused the signature'],
    [404, 'there is no such route'],
    [405, 'signed and async are POSTs'],
    [202, 'has to answer 200'],
    [204, 'only 200 is an answer'],
    [500, 'only 200 is an answer'],
    [503, 'only 200 is an answer'],
  ])('fails its run by %i, and the engine makes another attempt', async (code, why) => {
    const { round, seen } = await remoteScene(json(calm, code));
    const { status, attempt, error_message } = await round({ max_attempts: 3 });
    expect({ status, attempt }).toEqual({ status: 'queued', attempt: 1 });
    expect(error_message).toContain(`it answered ${code}`);
    expect(error_message).toContain(why);
    expect(seen).toHaveLength(1);
  });

  test('is not called before the time of Retry-After, and at the third time in a row that is serious', async () => {
    const { round, seen, scene, findings, endWait } = await remoteScene(
      json('', 429, { 'retry-after': '3600' }),
    );
    expect(await round()).toMatchObject({ status: 'success', issues_found: 1 });
    expect(await findings()).toMatchObject([
      { severity: 'low', title: expect.stringMatching(/not to be called until .*Retry-After/) },
    ]);
    await round();
    await round();
    expect(seen).toHaveLength(1);
    for (let again = 0; again < 2; again += 1) {
      await endWait();
      await round();
    }
    expect(seen).toHaveLength(3);
    expect(await findings()).toMatchObject([{ severity: 'high', occurrences: 5 }]);
    await endWait();
    scene.answer = json(calm);
    await round();
    await round();
    expect(seen).toHaveLength(5);
    expect((await findings())[0]).toMatchObject({ resolution_method: expect.any(String) });
  });

  test.each([
    ['no secret', { secrets: [] }, 'no secret is set for it', {}],
    ['a secret that is not stored', {}, 'the secret BOT_KEY is not stored', {}],
    ['a secret that is no key', {}, 'is no key', { BOT_KEY: 'only some words' }],
    ['a short key', {}, 'a key of 6 bytes', { BOT_KEY: 'whsec_AAAAAAAA' }],
  ])('with %s is not called, and says how to set one', async (_, config, why, stored) => {
    const { round, seen, whySkipped } = await remoteScene(json(calm), { config, stored });
    expect(await round()).toMatchObject({ status: 'failed', checks_performed: 0 });
    expect(await whySkipped()).toContain(why);
    expect(await whySkipped()).toContain('npx roundsman secrets set');
    expect(seen).toEqual([]);
  });

  test('is not called by an attempt that was taken over', async () => {
    const { db, seen, url } = await remoteScene(json(calm));
    const id = await queuedRun(db, 'mail', { ...carried, attempt: 2 });
    const ask = (attempt: number) =>
      askRemote(remoteConfig.parse({ secrets: ['BOT_KEY'] }), {
        db,
        now: new Date(),
        signal: new AbortController().signal,
        run: { id, attempt, endpoint: `${url}/api/bots/mail`, timeoutMs: 5_000, leftMs: 5_000 },
        remembered: null,
        since: null,
        secret: () => signingSecret,
      } as unknown as CheckContext);
    await expect(ask(1)).rejects.toThrow('is not running with attempt 1 any more');
    expect(seen).toEqual([]);
    expect(await ask(2)).toMatchObject({ findings: [] });
  });

  test('is not called while the mode is off', async () => {
    const { round, seen, db, whySkipped } = await remoteScene(json(calm));
    await set(db, 'mode', 'off');
    expect(await round({ max_attempts: 3 })).toMatchObject({
      status: 'skipped',
      reason: 'kill_switch',
      attempt: 1,
    });
    expect(await whySkipped()).toContain('the mode is off');
    // A mode that cannot be read counts as off.
    await sql`DELETE FROM engine.settings WHERE key = 'mode'`.execute(db);
    expect(await round()).toMatchObject({ status: 'skipped' });
    expect(seen).toEqual([]);
  });

  test('that repeats its secret in any form leaves the reference in rows and log', async () => {
    const bare = signingSecret.replace('whsec_', '');
    const told = { title: `key ${bare}`, description: signingSecret, metadata: { [bare]: bare } };
    const { round, findings, db, told: log } = await remoteScene(json(broken(told)));
    expect(await round()).toMatchObject({ issues_found: 1 });
    expect((await findings())[0]!.title).toBe('key {{secret:BOT_KEY}}');
    const all = (await everythingIn(db)) + log.join('\n');
    for (const secret of [bare, signingSecret])
      expect(formsOf(secret).filter((form) => all.includes(form))).toEqual([]);
  });
});
