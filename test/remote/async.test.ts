/** The contract `async`: a run that waits, and the report that ends it. */
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { everythingIn, formsOf } from '../heal/secret-scene.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { rowOf } from '../support/runs.ts';
import { askedBy, asyncScene } from './async-scene.ts';
import { calm, json, signingSecret } from './scene.ts';

const broken = (rest: object = {}) => ({
  checks: [
    {
      name: 'mails',
      examined: ['outbox'],
      findings: [{ title: '400 mails wait', component: 'outbox', severity: 'high', ...rest }],
    },
  ],
});

describe.runIf(hasOpenssl)('an asynchronous bot', () => {
  test('takes a request on and reports later; until then its run is running', async () => {
    const scene = await asyncScene();
    const running = scene.round();
    const asked = await scene.taken();
    const document = askedBy(asked);
    expect(new Webhook(signingSecret).verify(asked.body, asked.headers as never)).toEqual(document);
    const id = `${document.run.id}_1`;
    expect(document.callback).toEqual({
      url: `http://127.0.0.1:${scene.port}/remote/${id}`,
      until: expect.any(String),
    });
    expect(asked.headers['webhook-id']).toBe(id);
    expect(await rowOf(scene.db, document.run.id)).toMatchObject({ status: 'running', attempt: 1 });
    expect(await scene.report(asked, broken())).toEqual({
      status: 202,
      body: { status: 'received' },
    });
    expect(await running).toMatchObject({ status: 'success', issues_found: 1, attempt: 1 });
    expect(await scene.findings()).toMatchObject([
      { title: '400 mails wait', component_key: 'mails/outbox', resolved_at: null },
    ]);
    expect(scene.seen).toHaveLength(1);
    // The body of an earlier report goes when the bot is asked again.
    const again = scene.round();
    await scene.report(await scene.taken(2), calm);
    expect(await again).toMatchObject({ status: 'success' });
    expect(await scene.rows()).toMatchObject([
      { request_id: id, body: null, body_sha256: expect.any(String) },
      { body: JSON.stringify(calm) },
    ]);
    expect((await scene.findings())[0]).toMatchObject({ resolution_method: 'cleared' });
  });

  test('may answer at once as a signed one does, and then no report is taken', async () => {
    const scene = await asyncScene(json(broken()));
    expect(await scene.round()).toMatchObject({ status: 'success', issues_found: 1 });
    expect(await scene.report(scene.seen[0]!, calm)).toMatchObject({ status: 410 });
  });

  test('is not called before the address of the listener is set', async () => {
    const scene = await asyncScene();
    await scene.db.deleteFrom('engine.settings').where('key', '=', 'web_url').execute();
    expect(await scene.round()).toMatchObject({ status: 'failed' });
    expect(await scene.whySkipped()).toContain('npx roundsman settings web_url');
    expect(scene.seen).toEqual([]);
  });

  test.each([
    ['{"lease_seconds":"a"}', 'lease_seconds'],
    ['{"lease_seconds":0}', 'lease_seconds'],
    ['{"lease_seconds":60,"more":1}', 'more: the contract knows no such field'],
    ['', 'the answer is empty'],
  ])('that answers 202 with %j has failed', async (body, why) => {
    const scene = await asyncScene(json(body, 202));
    const { status, error_message } = await scene.round();
    expect([status, error_message]).toEqual(['failed', expect.stringContaining(why)]);
  });

  test('that repeats its secret in a report leaves the reference in rows and log', async () => {
    const bare = signingSecret.replace('whsec_', '');
    const scene = await asyncScene();
    const running = scene.round();
    const told = { title: `key ${bare}`, description: signingSecret, metadata: { [bare]: bare } };
    expect(await scene.report(await scene.taken(), broken(told))).toMatchObject({ status: 202 });
    expect(await running).toMatchObject({ issues_found: 1 });
    expect((await scene.findings())[0]!.title).toBe('key {{secret:BOT_KEY}}');
    expect((await scene.rows())[0]!.body).toContain('{{secret:BOT_KEY}}');
    const all =
      (await everythingIn(scene.db)) + scene.told.join('\n') + JSON.stringify(scene.events);
    for (const secret of [bare, signingSecret])
      expect(formsOf(secret).filter((form) => all.includes(form))).toEqual([]);
  });
});
