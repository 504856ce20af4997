/** The contract `async`: a run that waits, and the report that ends it. */
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { everythingIn, formsOf } from '../heal/secret-scene.ts';
import { aRemedy, playbook } from '../support/builders.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { nothingHeldOut, rowOf, set } from '../support/runs.ts';
import { askedBy, asyncScene, takesOn } from './async-scene.ts';
import { calm, json, signingSecret, type Seen } from './scene.ts';

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

  test('that does not report by the end of its lease has timed out, and is not tried again', async () => {
    const scene = await asyncScene(takesOn(1));
    expect(await scene.round({ max_attempts: 3 })).toMatchObject({
      status: 'timeout',
      attempt: 1,
      error_message: expect.stringContaining('has not reported by the end of its lease'),
    });
    const [asked] = scene.seen as [Seen];
    expect(await scene.report(asked, calm)).toEqual({
      status: 410,
      body: { error: 'no report is awaited any more' },
    });
    expect(scene.seen).toHaveLength(1);
  });

  test('whose lease is longer than the rest of its timeout has until shortly before the deadline', async () => {
    const scene = await asyncScene(takesOn(3_600));
    await scene.db
      .updateTable('bots')
      .set({ timeout_seconds: 3 })
      .where('name', '=', 'mail')
      .execute();
    const { status, error_message } = await scene.round();
    expect([status, error_message]).toEqual([
      'timeout',
      expect.stringContaining('end of its lease'),
    ]);
    const { until } = askedBy(scene.seen[0]!).callback!;
    const [row] = await scene.rows();
    expect(row!.lease_until.toISOString()).toBe(until);
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

  test('may report before it answers, and its report counts even where the answer never comes', async () => {
    const scene = await asyncScene();
    scene.scene.answer = async (seen, response) => {
      expect(await scene.report(seen, broken())).toMatchObject({ status: 202 });
      takesOn()(seen, response);
    };
    expect(await scene.round()).toMatchObject({ status: 'success', issues_found: 1 });
    scene.scene.answer = async (seen, response) => {
      expect(await scene.report(seen, calm)).toMatchObject({ status: 202 });
      response.writeHead(202).write('{"lease_');
      setImmediate(() => response.socket?.destroy());
    };
    expect(await scene.round()).toMatchObject({ status: 'success', issues_found: 0 });
    // Killed in the middle of its answer without a report: a failed attempt, and no report is taken any more.
    scene.scene.answer = (_, response) => {
      response.writeHead(202).write('{"lease_');
      setImmediate(() => response.socket?.destroy());
    };
    expect(await scene.round()).toMatchObject({ status: 'failed' });
    expect(await scene.report(scene.seen[2]!, calm)).toMatchObject({ status: 410 });
  });

  test('verifies a cure by another request of the same attempt, with a report of its own', async () => {
    let cured = 0;
    const scene = await asyncScene(takesOn(), {
      cures: {
        remedies: [aRemedy('mail.flush', async () => void (cured += 1))],
        knowledge: [
          {
            name: 'flush',
            category: 'mail',
            pattern: 'mails wait',
            solution: playbook('mail.flush'),
            autonomy: 'auto',
          },
        ],
      },
    });
    await nothingHeldOut(scene.db);
    const running = scene.round();
    const first = await scene.taken();
    await scene.report(first, broken());
    const second = await scene.taken(2);
    const { run } = askedBy(second);
    expect(run).toMatchObject({ id: askedBy(first).run.id, attempt: 1, since: expect.any(String) });
    expect(second.headers['webhook-id']).toBe(`${run.id}_1_${Date.parse(run.since!)}`);
    expect(cured).toBe(1);
    expect(await scene.report(second, calm)).toMatchObject({ status: 202 });
    expect(await running).toMatchObject({ status: 'success' });
    expect(await scene.db.selectFrom('bot_actions').select('state').execute()).toEqual([
      { state: 'verified' },
    ]);
    expect((await scene.findings())[0]).toMatchObject({ resolution_method: 'auto-fixed' });
  });

  test('without a report about a cure leaves it undecided, and its run keeps what it found', async () => {
    const scene = await asyncScene(takesOn(), {
      cures: {
        remedies: [aRemedy('mail.flush', async () => {})],
        knowledge: [
          {
            name: 'flush',
            category: 'mail',
            pattern: 'mails wait',
            solution: playbook('mail.flush'),
            autonomy: 'auto',
          },
        ],
      },
    });
    await nothingHeldOut(scene.db);
    const running = scene.round();
    const first = await scene.taken();
    scene.scene.answer = takesOn(1);
    await scene.report(first, broken());
    expect(await running).toMatchObject({ status: 'success', issues_found: 1 });
    expect(await scene.db.selectFrom('bot_actions').select('state').execute()).toEqual([
      { state: 'applied' },
    ]);
    expect((await scene.findings())[0]).toMatchObject({ resolved_at: null });
  });

  test('is not awaited any longer when its run is cancelled, or when the mode becomes off', async () => {
    const scene = await asyncScene();
    const running = scene.round();
    const asked = await scene.taken();
    const { id } = askedBy(asked).run;
    await scene.db
      .updateTable('bot_executions')
      .set({ cancel_requested_at: new Date(), cancel_reason: 'not now' })
      .where('id', '=', id)
      .execute();
    expect(await running).toMatchObject({ status: 'cancelled' });
    expect(await scene.report(asked, calm)).toMatchObject({ status: 410 });
    const next = scene.round();
    const other = await scene.taken(2);
    await set(scene.db, 'mode', 'off');
    expect(await next).toMatchObject({ status: 'failed' });
    expect(await scene.whySkipped()).toContain('the mode is off');
    expect(await scene.report(other, calm)).toMatchObject({ status: 410 });
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
