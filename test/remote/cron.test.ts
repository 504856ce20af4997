/** The contract `cron`: the request that hosted crons send, and the answer of routes that were written for them. */
import { describe, expect, test } from 'vitest';
import { everythingIn, formsOf } from '../heal/secret-scene.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { cronSecret, json, remoteScene } from './scene.ts';

const answer = (result: object = {}, rest: object = {}) => ({
  success: true,
  bot: 'mail',
  executionId: 'e-1',
  result: {
    status: 'completed',
    executionTimeMs: 12,
    checksPerformed: 4,
    issuesFound: 0,
    issuesFixed: 0,
    ticketsCreated: 0,
    ...result,
  },
  ...rest,
});

const config = { contract: 'cron', secrets: ['CRON_KEY'] };

describe.runIf(hasOpenssl)('a bot with the contract cron', () => {
  test('gets a GET with the headers that hosted crons send, and no body', async () => {
    const { seen, round } = await remoteScene(json(answer()), { config });
    expect(await round()).toMatchObject({ status: 'success', issues_found: 0 });
    expect(seen).toMatchObject([
      {
        method: 'GET',
        body: '',
        headers: {
          authorization: `Bearer ${cronSecret}`,
          'user-agent': 'vercel-cron/1.0',
          'x-vercel-cron-schedule': '*/5 * * * *',
        },
      },
    ]);
  });

  test('makes one finding of issues that were not fixed, with the answer as evidence, until there are none', async () => {
    const said = answer({ issuesFound: 3, issuesFixed: 1 });
    const { round, scene, findings } = await remoteScene(json(said), {
      config: { ...config, severity: 'high' },
    });
    expect(await round()).toMatchObject({ status: 'success', issues_found: 1 });
    expect(await findings()).toMatchObject([
      {
        severity: 'high',
        category: 'remote',
        title: expect.stringMatching(/^127[.]0[.]0[.]1:\d+\S* found 3 issues, and fixed 1$/),
        component_key: 'issues',
        metadata: { answer: said },
        resolved_at: null,
      },
    ]);
    scene.answer = json(answer({ issuesFound: 2, issuesFixed: 2 }));
    await round();
    expect((await findings())[0]).toMatchObject({ resolution_method: 'cleared' });
  });

  test.each([
    ['no checks performed', answer({ checksPerformed: 0 }), '200 without checks performed'],
    ['no result', { success: true }, '200 without checks performed'],
    ['success: false', answer({}, { success: false, error: 'no queue' }), 'false: no queue'],
    ['an unknown field', answer({ isuesFound: 1 }), 'result.isuesFound: the contract knows no'],
    ['a text for a number', answer({ issuesFound: '3' }), 'result.issuesFound'],
    ['fewer than no issues', answer({ issuesFound: -1 }), 'result.issuesFound'],
    ['only a word', 'ok', 'the answer is not JSON'],
  ])('is a failed run by %s', async (_, body, why) => {
    const { round, findings } = await remoteScene(json(body), { config });
    const { status, error_message } = await round();
    expect(status).toBe('failed');
    expect(error_message).toContain(why);
    expect(await findings()).toEqual([]);
  });

  test.each([
    ['no secret', { contract: 'cron', secrets: [] }, 'no secret is set', {}],
    ['a secret with a line break', config, 'no header can carry', { CRON_KEY: 'first\r\nX-Y: 1' }],
  ])('with %s is not called', async (_, given, why, stored) => {
    const { round, seen, whySkipped } = await remoteScene(json(answer()), {
      config: given,
      stored,
    });
    expect(await round()).toMatchObject({ status: 'failed', checks_performed: 0 });
    expect(await whySkipped()).toContain(why);
    expect(seen).toEqual([]);
  });

  test('that repeats its Authorization leaves the reference', async () => {
    const said = answer({ issuesFound: 1, status: `Bearer ${cronSecret}` });
    const { round, findings, db, told } = await remoteScene(json(said), { config });
    await round();
    expect(await findings()).toHaveLength(1);
    const all = (await everythingIn(db)) + told.join('\n');
    expect(all).toContain('Bearer {{secret:CRON_KEY}}');
    expect(formsOf(cronSecret).filter((form) => all.includes(form))).toEqual([]);
  });
});
