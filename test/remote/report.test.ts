/** Which reports `roundsman web` takes: by signature, time, contract, attempt and number. */
import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { movableClock } from '../support/clocks.ts';
import { hostileTexts } from '../support/hostile-texts.ts';
import { rowOf } from '../support/runs.ts';
import { askedBy, asyncScene } from './async-scene.ts';
import { calm, signingSecret } from './scene.ts';

const unauthorised = { status: 401, body: { error: 'the signature does not fit' } };
const minutes = (count: number) => new Date(Date.now() + count * 60_000);

test.runIf(hasOpenssl)(
  'a report that is not signed rightly, freshly and for its own request gets one answer, whatever is wrong',
  async () => {
    const scene = await asyncScene();
    const running = scene.round();
    const asked = await scene.taken();
    const { run } = askedBy(asked);
    const other = `whsec_${randomBytes(32).toString('base64')}`;
    const wrong = [
      { secret: other },
      { at: minutes(-6) },
      { at: minutes(6) },
      { id: `${randomUUID()}_1` },
      { id: 'x' },
      { id: `${run.id}_0` },
      { id: `${run.id}_1_` },
      { id: '%00' },
      { id: `${run.id}_${'1'.repeat(300)}` },
      // Signed for another request, and sent to the address of this one.
      { webhookId: `${run.id}_2` },
      { headers: { 'webhook-signature': '' } },
      { headers: { 'webhook-signature': 'v1,' } },
      { headers: { 'webhook-signature': `v1a,${'A'.repeat(43)}=` } },
      { headers: { 'webhook-timestamp': 'now' } },
      { headers: { 'webhook-timestamp': '' } },
      { headers: { 'webhook-timestamp': '1e10' } },
    ];
    for (const options of wrong)
      expect([options, await scene.report(asked, calm, options)]).toEqual([options, unauthorised]);
    const { url } = askedBy(asked).callback!;
    expect((await fetch(url, { method: 'POST', body: JSON.stringify(calm) })).status).toBe(401);
    expect((await fetch(url)).status).toBe(405);
    expect(await rowOf(scene.db, run.id)).toMatchObject({ status: 'running' });
    // One who signs rightly learns what is wrong.
    expect(await scene.report(asked, calm, { id: `${run.id}_7` })).toEqual({
      status: 404,
      body: { error: 'there is no such request' },
    });
    expect(await scene.report(asked, calm)).toMatchObject({ status: 202 });
    expect(await running).toMatchObject({ status: 'success' });
  },
);

test.runIf(hasOpenssl)(
  'a report that does not fit is refused with the names of its fields, and may be corrected, up to 1 MiB',
  async () => {
    const scene = await asyncScene();
    const running = scene.round();
    const asked = await scene.taken();
    const check = { name: 'mails', examined: ['a'], findings: [] };
    const unfit: [unknown, string | RegExp][] = [
      ['', 'the answer is empty'],
      ['{"checks":', 'the answer is not JSON'],
      ['['.repeat(33), 'nested deeper than 32'],
      [{ checks: [{ ...check, severty: 'high' }] }, 'checks.0.severty'],
      [{ checks: [{ ...check, findings: [{ title: 'x' }] }] }, 'checks.0.findings.0.component'],
      [{ checks: [check, check] }, 'used twice'],
      [[], 'the answer'],
    ];
    for (const [body, why] of unfit) {
      const { status, body: said } = await scene.report(asked, body);
      expect([status, said.error]).toEqual([400, expect.stringMatching(why)]);
    }
    const hostile = { title: hostileTexts.join(' ').slice(0, 1_900), component: 'a\u0000\ud800' };
    const report = { checks: [{ ...check, findings: [hostile] }] };
    const { length } = Buffer.from(JSON.stringify(report));
    const padded = (bytes: number) => JSON.stringify(report) + ' '.repeat(bytes - length);
    expect(await scene.report(asked, padded(1_048_577))).toMatchObject({ status: 413 });
    expect(await scene.report(asked, padded(1_048_576))).toMatchObject({ status: 202 });
    expect(await running).toMatchObject({ status: 'success', issues_found: 1 });
  },
);

test.runIf(hasOpenssl)(
  'a report that comes again is taken once, and answered as at first; another one is refused',
  async () => {
    const scene = await asyncScene();
    const running = scene.round();
    const asked = await scene.taken();
    const others = Array.from({ length: 8 }, (_, at) => ({
      checks: [{ name: 'mails', examined: [`part ${at}`], findings: [] }],
    }));
    const answers = await Promise.all(others.map((body) => scene.report(asked, body)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, ...Array(7).fill(409)]);
    const won = others[answers.findIndex(({ status }) => status === 202)]!;
    expect(await scene.report(asked, won)).toMatchObject({ status: 202 });
    expect(await running).toMatchObject({ status: 'success' });
    expect((await scene.rows())[0]!.body).toBe(JSON.stringify(won));
    expect(await scene.report(asked, won)).toMatchObject({ status: 202 });
    expect(await scene.report(asked, calm)).toMatchObject({ status: 409 });
  },
);

test.runIf(hasOpenssl)(
  'the secrets that the settings name now decide, and a bot that is paused meanwhile still reports',
  async () => {
    const next = `whsec_${randomBytes(32).toString('base64')}`;
    const scene = await asyncScene();
    await storeSealed(scene.db, scene.keys, { name: 'NEXT_KEY', value: next, actor: 'ann' });
    const running = scene.round();
    const asked = await scene.taken();
    await scene.configure({ contract: 'async', secrets: ['NEXT_KEY'] });
    expect(await scene.report(asked, calm)).toEqual(unauthorised);
    await scene.configure({ contract: 'signed' });
    expect(await scene.report(asked, calm)).toEqual(unauthorised);
    await scene.configure({ contract: 'async', secrets: ['NEXT_KEY', 'BOT_KEY'] });
    await scene.db
      .updateTable('bots')
      .set({ status: 'paused' })
      .where('name', '=', 'mail')
      .execute();
    expect(await scene.report(asked, calm, { secret: next })).toMatchObject({ status: 202 });
    expect(await running).toMatchObject({ status: 'success' });
  },
);

test.runIf(hasOpenssl)(
  'the clock of the database decides whether a report is fresh, and not that of the listener',
  async () => {
    const scene = await asyncScene();
    const move = await movableClock(scene.db);
    const running = scene.round();
    const asked = await scene.taken();
    await move(600);
    // The lease ran out by that clock as well: the run has timed out.
    expect(await running).toMatchObject({ status: 'timeout' });
    expect(await scene.report(asked, calm)).toEqual(unauthorised);
    const next = scene.round();
    const again = await scene.taken(2);
    expect(await scene.report(again, calm)).toEqual(unauthorised);
    expect(await scene.report(again, calm, { at: minutes(10) })).toMatchObject({ status: 202 });
    expect(await next).toMatchObject({ status: 'success' });
  },
);

test.runIf(hasOpenssl)(
  'a listener that was away takes the report when it is back, and one without the keys asks for it again',
  async () => {
    const scene = await asyncScene();
    const running = scene.round();
    const asked = await scene.taken();
    await scene.close();
    await expect(scene.report(asked, calm)).rejects.toThrow('fetch failed');
    const { keys } = scene;
    await scene.open(scene.port);
    await sql`UPDATE engine.secrets SET sealed = NULL, key_id = NULL, variable = 'NOT_SET' WHERE name = 'BOT_KEY'`.execute(
      scene.db,
    );
    expect(await scene.report(asked, calm)).toMatchObject({ status: 503 });
    expect(scene.events.map(({ name }) => name)).toContain('web.report_put_off');
    await storeSealed(scene.db, keys, { name: 'BOT_KEY', value: signingSecret, actor: 'ann' });
    expect(await scene.report(asked, calm)).toMatchObject({ status: 202 });
    expect(await running).toMatchObject({ status: 'success' });
  },
);
