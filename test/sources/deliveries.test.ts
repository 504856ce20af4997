/** From a request to a finding, over a real listener, a real database and real runs. */
import { createHmac } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { kindOf } from '../../src/sources/kinds/index.ts';
import { removeOldDeliveries } from '../../src/data/sources/old-deliveries.ts';
import { queueEventRuns } from '../../src/transitions/runs/queue-event.ts';
import { rowOf } from '../support/runs.ts';
import { alertmanagerGroup } from './examples.ts';
import { signingKey } from './key.ts';
import { sourceScene } from './scene.ts';

describe('what is accepted', () => {
  test('a delivery is committed when it is answered, and the same one twice is one', async () => {
    const { post, inbox } = await sourceScene();
    const body = JSON.stringify({ alarms: [{ key: 'a', state: 'firing' }] });
    const headers = await kindOf('plain').sign(body, signingKey, new Date());
    const answers = await Promise.all([
      post(body, headers),
      post(body, headers),
      post(body, headers),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    const [row, ...others] = await inbox();
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      number: '1',
      delivery_id: headers['webhook-id'],
      event: 'alarms',
      secret: 'IN_KEY',
      ignored: null,
      alarms: [{ key: 'a', state: 'firing' }],
    });
  });

  test('a wrong signature, an unknown source, and one that is disabled get the same answer', async () => {
    const { post, send, db, inbox } = await sourceScene();
    expect(await send({ alarms: [] }, { 'webhook-signature': 'v1,AAAA' })).toBe(401);
    const wrong = await post('{}', {});
    const unknown = await post('{}', {}, '/in/none');
    const hostile = await post(
      '{}',
      {},
      `/in/${encodeURIComponent("'; DROP TABLE bots; --\u0000")}`,
    );
    for (const other of [unknown, hostile])
      expect([other.status, other.text]).toEqual([wrong.status, wrong.text]);
    await sql`UPDATE bots SET status = 'disabled' WHERE name = 'alarms'`.execute(db);
    await expect.poll(() => send({ alarms: [] }), { timeout: 10_000, interval: 200 }).toBe(401);
    expect((await inbox()).filter(({ alarms }) => (alarms as unknown[]).length > 0)).toEqual([]);
  });

  test('without a secret every delivery is refused, and the log says why', async () => {
    const scene = await sourceScene({ config: { secrets: [] } });
    expect(await scene.alarm('a')).toBe(401);
    expect(scene.told.join()).toContain('no secret is set for it');
    const missing = await sourceScene({ config: { secrets: ['NOT_STORED'] } });
    expect(await missing.alarm('a')).toBe(401);
    expect(missing.told.join()).toContain('the secret NOT_STORED is not stored');
  });

  test('no UTF-8, no JSON, too deep: 400; more than the rate: 429 with a time to wait', async () => {
    const { post, send, alarm } = await sourceScene({ config: { rate_per_minute: 4 } });
    const signed = async (body: Buffer) => {
      const id = `msg_${body.length}`;
      const seconds = String(Math.floor(Date.now() / 1_000));
      const key = Buffer.from(signingKey.slice('whsec_'.length), 'base64');
      const mac = createHmac('sha256', key)
        .update(`${id}.${seconds}.`)
        .update(body)
        .digest('base64');
      return post(body, {
        'webhook-id': id,
        'webhook-timestamp': seconds,
        'webhook-signature': `v1,${mac}`,
      });
    };
    const bodies = ['{"a":', `${'['.repeat(40)}${']'.repeat(40)}`].map((text) => Buffer.from(text));
    for (const body of bodies) expect((await signed(body)).status).toBe(400);
    expect(await alarm('a')).toBe(202);
    expect(await alarm('b')).toBe(202);
    expect(await alarm('c')).toBe(429);
    const busy = await signed(Buffer.from('{}'));
    expect(Number(busy.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(busy.headers.get('retry-after'))).toBeLessThanOrEqual(15);
    expect(await send({ alarms: [] }, {}, 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')).toBe(
      401,
    );
  });

  test('a body that is no UTF-8 is refused', async () => {
    const { post, inbox } = await sourceScene({
      kind: 'alertmanager',
      stored: { IN_KEY: 'a-token-of-the-test' },
    });
    const authorization = 'Bearer a-token-of-the-test';
    expect((await post(Buffer.from([0x7b, 0xff, 0x7d]), { authorization })).status).toBe(400);
    const basic = `Basic ${Buffer.from('any:a-token-of-the-test').toString('base64')}`;
    expect((await post(JSON.stringify(alertmanagerGroup), { authorization: basic })).status).toBe(
      202,
    );
    expect((await post('{}', { authorization: 'Basic Og==' })).status).toBe(401);
    expect(await inbox()).toHaveLength(1);
  });

  test('each of two secrets proves, and the row says which one did', async () => {
    const second = `whsec_${Buffer.from('another key of 32 bytes, as well').toString('base64')}`;
    const scene = await sourceScene({
      stored: { IN_KEY: signingKey, NEXT_KEY: second },
      config: { secrets: ['NEXT_KEY', 'IN_KEY'] },
    });
    expect(await scene.send({ alarms: [] }, {}, signingKey)).toBe(202);
    expect(await scene.send({ alarms: [] }, {}, second)).toBe(202);
    expect((await scene.inbox()).map(({ secret }) => secret)).toEqual(['IN_KEY', 'NEXT_KEY']);
  });

  test('a document of another shape, an unknown event and an old one are stored and say nothing', async () => {
    const scene = await sourceScene({
      kind: 'standard-webhooks',
      config: { firing: ['opened'], fields: { key: 'data.id' } },
    });
    expect(await scene.send({ type: 'opened', data: {} })).toBe(202);
    expect(await scene.send({ type: 'renamed', data: { id: 'a' } })).toBe(202);
    const old = { type: 'opened', timestamp: '2020-01-01T00:00:00Z', data: { id: 'a' } };
    expect(await scene.send(old)).toBe(202);
    const rows = await scene.inbox();
    expect(rows[0]!.ignored).toContain('data.id is missing');
    expect(rows[1]).toMatchObject({ ignored: null, event: 'renamed', alarms: [] });
    expect(rows[2]!.ignored).toContain('more than 24 hours before it arrived');
    const [run] = await scene.round();
    expect(run).toMatchObject({ status: 'success' });
    expect(await scene.findings()).toMatchObject([{ component_key: 'unreadable' }]);
    expect(await scene.round()).toEqual([]);
    const asked = await fetch(`${scene.url}/in/alarms`);
    expect([asked.status, asked.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test('deliveries that cannot be read are a finding, until all has been readable for an hour', async () => {
    const token = 'a-token-of-the-test';
    const { send, round, findings, age, db } = await sourceScene({
      kind: 'alertmanager',
      stored: { IN_KEY: token },
      config: { severity: 'high' },
    });
    const unreadable = async () =>
      (await findings()).find(({ component_key }) => component_key === 'unreadable');
    const remembersEarlier = () =>
      sql`UPDATE engine.check_memories SET remembered = remembered
            || jsonb_build_object('unreadable_at', (remembered ->> 'unreadable_at')::bigint - 7200000)`.execute(
        db,
      );
    expect(await send({ text: 'from a template of somebody' }, {}, token)).toBe(202);
    await round();
    expect(await unreadable()).toMatchObject({
      title: 'What the source alarms sends cannot be read',
      severity: 'high',
      resolved_at: null,
    });
    await send(alertmanagerGroup, {}, token);
    await round();
    expect(await unreadable()).toMatchObject({ resolved_at: null, unexamined_since: null });
    await remembersEarlier();
    await age(6);
    await send(alertmanagerGroup, {}, token);
    await round();
    expect(await unreadable()).toMatchObject({ resolved_at: expect.any(Date) });
  });

  test('a document of our own that does not fit is refused with the field', async () => {
    const { post, inbox } = await sourceScene();
    const body = JSON.stringify({ alarms: [{ key: 'a', state: 'on\u001B[31m', '<b>': 1 }] });
    const answer = await post(body, await kindOf('plain').sign(body, signingKey, new Date()));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).error).toMatch(/^alarms\.0/);
    expect(await inbox()).toEqual([]);
  });

  test('an event, an id and a cut key that repeat its secret are stored without it', async () => {
    const secret = `shared/${Buffer.from('a secret of the test').toString('hex')}`;
    const stored = { IN_KEY: secret };
    const hub = await sourceScene({ kind: 'github', stored });
    expect(await hub.send({ zen: 'x' }, { 'x-github-event': secret }, secret)).toBe(202);
    expect(await hub.inbox()).toMatchObject([{ event: '{{secret:IN_KEY}}' }]);
    const hook = await sourceScene({ kind: 'vercel', stored });
    const named = { id: `evt_${secret}`, type: 'deployment.error' };
    expect(await hook.send(named, {}, secret)).toBe(202);
    expect(await hook.send(named, {}, secret)).toBe(202);
    expect(await hook.inbox()).toMatchObject([
      { delivery_id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    ]);
    const group = await sourceScene({ kind: 'alertmanager', stored });
    const groupKey = `${'x'.repeat(80)}${secret}${'y'.repeat(300)}`;
    expect(await group.send({ ...alertmanagerGroup, groupKey }, {}, secret)).toBe(202);
    const [row] = await group.inbox();
    expect(JSON.stringify(row!.alarms)).toContain('x{{secret:IN_KEY}}yyy… sha256:');
  });

  test('a value of its secret in a text is not stored', async () => {
    const scene = await sourceScene();
    await scene.alarm('leak', 'firing', { description: `the key is ${signingKey}` });
    await scene.round();
    const { rows } = await sql<{ found: boolean }>`
      SELECT (SELECT bool_or(i::text LIKE ${`%${signingKey}%`}) FROM engine.inbox i)
        OR (SELECT bool_or(f::text LIKE ${`%${signingKey}%`}) FROM bot_findings f) AS found`.execute(
      scene.db,
    );
    expect(rows[0]!.found).toBe(false);
    expect(JSON.stringify(await scene.inbox())).toContain('{{secret:IN_KEY}}');
  });
});

describe('senders without ids', () => {
  const token = 'a-token-of-the-test';
  const scene = () => sourceScene({ kind: 'alertmanager', stored: { IN_KEY: token } });

  test('the same content is a repetition for five minutes, and later another occurrence', async () => {
    const { send, inbox, round, age, findings } = await scene();
    await send(alertmanagerGroup, {}, token);
    await send(alertmanagerGroup, {}, token);
    expect(await inbox()).toHaveLength(1);
    await round();
    await age(4);
    await send(alertmanagerGroup, {}, token);
    expect(await inbox()).toHaveLength(1);
    await age(2);
    await send(alertmanagerGroup, {}, token);
    await send(alertmanagerGroup, {}, token);
    expect(await inbox()).toHaveLength(2);
    await round();
    expect(await findings()).toMatchObject([
      { occurrences: 2, severity: 'critical', resolved_at: null },
    ]);
  });
});

describe('what a run makes of it', () => {
  test('an alarm opens a finding, its repetitions count, resolved clears it', async () => {
    const { alarm, round, findings } = await sourceScene();
    await alarm('queue', 'firing', { severity: 'high' });
    const [run] = await round();
    expect(run).toMatchObject({ status: 'success', trigger: 'event', scheduled_for: null });
    for (let time = 0; time < 3; time += 1)
      await alarm('queue', 'firing', { severity: 'critical' });
    await round();
    expect(await findings()).toMatchObject([
      {
        component_key: 'alarm/queue',
        title: 'queue is broken',
        severity: 'critical',
        occurrences: 4,
        resolved_at: null,
      },
    ]);
    await alarm('queue', 'resolved');
    await round();
    expect(await findings()).toMatchObject([
      { resolved_at: expect.any(Date), resolution_method: 'cleared' },
    ]);
    expect(await round()).toEqual([]);
  });

  test('other alarms leave an open one as it is: neither resolved nor called unexamined', async () => {
    const { alarm, round, findings, slot } = await sourceScene();
    await alarm('a');
    await round();
    await alarm('b');
    await round();
    await slot();
    expect(await findings()).toMatchObject([
      { component_key: 'alarm/a', resolved_at: null, unexamined_since: null },
      { component_key: 'alarm/b', resolved_at: null, unexamined_since: null },
    ]);
  });

  test('in one batch the last state counts, and the run says that there was an alarm', async () => {
    const { alarm, round, findings } = await sourceScene();
    await alarm('short');
    await alarm('short', 'resolved');
    await alarm('long', 'resolved');
    await alarm('long');
    const [run] = await round();
    expect(await findings()).toMatchObject([{ component_key: 'alarm/long', resolved_at: null }]);
    expect(JSON.stringify(run!.metadata)).toContain('alarms that fired and were resolved since');
  });

  const minute = (minutes: number) => ({
    at: new Date(Date.now() + minutes * 60_000).toISOString(),
  });

  test('a state that arrives late changes nothing, in one batch and over several', async () => {
    const { alarm, round, findings } = await sourceScene();
    await alarm('together', 'resolved', minute(-5));
    await alarm('together', 'firing', minute(-10));
    await alarm('ended', 'resolved', minute(-5));
    await alarm('began', 'firing', minute(-5));
    await round();
    await alarm('ended', 'firing', minute(-10));
    await alarm('began', 'resolved', minute(-10));
    const [run] = await round();
    expect(await findings()).toMatchObject([{ component_key: 'alarm/began', resolved_at: null }]);
    expect(JSON.stringify(run!.metadata)).toContain('alarms that a newer state had overtaken');
    await alarm('ended', 'firing', minute(-1));
    await alarm('began', 'resolved', minute(-1));
    await round();
    expect(await findings()).toMatchObject([
      { component_key: 'alarm/began', resolved_at: expect.any(Date) },
      { component_key: 'alarm/ended', resolved_at: null },
    ]);
  });

  test('without a time that can be believed the order of arrival counts', async () => {
    const { alarm, round, findings } = await sourceScene();
    await alarm('future', 'resolved', minute(60));
    await round();
    await alarm('future', 'firing', minute(0));
    await alarm('untimed', 'resolved', minute(0));
    await alarm('untimed');
    await round();
    expect(await findings()).toMatchObject([
      { component_key: 'alarm/future', resolved_at: null },
      { component_key: 'alarm/untimed', resolved_at: null },
    ]);
  });

  test('a flood of different alarms is read in parts that one statement can record', async () => {
    const { db, bot, round, findings } = await sourceScene();
    await sql`
      SELECT engine.receive(jsonb_agg(jsonb_build_object('bot_id', ${bot}::uuid, 'delivery_id', n::text, 'event', 'alarms',
        'secret', 'IN_KEY', 'alarms', jsonb_build_array(jsonb_build_object('key', 'k' || n, 'state', 'firing', 'severity', null,
          'title', 't' || n, 'description', null, 'component', 'c' || n, 'link', null, 'at', null))) ORDER BY n))
      FROM generate_series(1, 600) n`.execute(db);
    const found = [];
    for (let runs = await round(); runs.length > 0; runs = await round())
      found.push(runs[0]!.issues_found);
    // The flood's own finding is one more in each run.
    expect(found).toEqual([501, 101]);
    expect(await findings()).toHaveLength(601);
  });

  test('a run reads a thousand, and the next one follows; none is read twice', async () => {
    const { db, bot, round, findings } = await sourceScene();
    await sql`
      SELECT engine.receive(jsonb_agg(jsonb_build_object('bot_id', ${bot}::uuid, 'delivery_id', n::text, 'event', 'alarms',
        'secret', 'IN_KEY', 'alarms', jsonb_build_array(jsonb_build_object('key', 'k' || n % 7, 'state', 'firing', 'severity', null,
          'title', 't', 'description', null, 'component', 'c', 'link', null, 'at', null))) ORDER BY n))
      FROM generate_series(1, 2300) n`.execute(db);
    let rounds = 0;
    while ((await round()).length > 0) rounds += 1;
    expect(rounds).toBe(3);
    const counts = (await findings()).map(({ occurrences }) => occurrences);
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(2300);
  });

  test('a paused bot keeps what arrives, and reads it when it is resumed', async () => {
    const { alarm, round, findings, db } = await sourceScene();
    await sql`UPDATE bots SET status = 'paused' WHERE name = 'alarms'`.execute(db);
    expect(await alarm('a')).toBe(202);
    expect(await round()).toEqual([]);
    await sql`UPDATE bots SET status = 'active' WHERE name = 'alarms'`.execute(db);
    await sql`UPDATE bots SET checked_version = definition_version WHERE name = 'alarms'`.execute(
      db,
    );
    expect(await round()).toHaveLength(1);
    expect(await findings()).toMatchObject([{ component_key: 'alarm/a' }]);
  });

  test('one run is queued, however often a scheduler looks', async () => {
    const { alarm, db } = await sourceScene();
    await alarm('a');
    const queued = await Promise.all([queueEventRuns(db), queueEventRuns(db), queueEventRuns(db)]);
    expect(queued.flat()).toHaveLength(1);
    expect(await queueEventRuns(db)).toEqual([]);
    expect(await rowOf(db, queued.flat()[0]!.id)).toMatchObject({
      status: 'queued',
      generation: 1,
    });
  });

  test('a source that is silent for longer than it said is a finding, until it sends', async () => {
    const { alarm, slot, round, findings, db } = await sourceScene({
      config: { silent_after_minutes: 60, severity: 'high' },
    });
    await slot();
    expect(await findings()).toEqual([]);
    await alarm('a');
    await round();
    await sql`UPDATE engine.sources SET last_received_at = engine.now() - interval '2 hours'`.execute(
      db,
    );
    await slot();
    expect((await findings()).at(-1)).toMatchObject({
      component_key: 'silence',
      title: 'The source alarms has been silent for 2h',
      severity: 'high',
    });
    await alarm('a');
    await round();
    expect((await findings()).at(-1)).toMatchObject({ resolved_at: expect.any(Date) });
  });
});

test('tidy removes what is old and read, and nothing that waits or is young', async () => {
  const { alarm, round, inbox, age, db } = await sourceScene();
  await alarm('read');
  await round();
  await alarm('unread');
  await age(31 * 24 * 60);
  await alarm('young');
  const removed = await db.transaction().execute((trx) => removeOldDeliveries(trx, 100));
  expect(removed).toBe(1);
  expect((await inbox()).map(({ number }) => number)).toEqual(['2', '3']);
  expect(await db.transaction().execute((trx) => removeOldDeliveries(trx, 100))).toBe(0);
});
