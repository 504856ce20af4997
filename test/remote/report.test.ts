/** Which reports `roundsman web` takes: by signature, time, contract, attempt and number. */
import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { storeSealed } from '../../src/data/secrets/rows.ts';
import { giveBackRuns } from '../../src/transitions/runs/give-back.ts';
import { takeOverRuns } from '../../src/transitions/runs/take-over.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { movableClock } from '../support/clocks.ts';
import { hostileTexts } from '../support/hostile-texts.ts';
import { attempt, rowOf, set } from '../support/runs.ts';
import { askedBy, asyncScene, takesOn } from './async-scene.ts';
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
    expect((await fetch(url)).status).toBe(404);
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

test.runIf(hasOpenssl)(
  'a run that is given back asks once, and takes the report in its second start',
  async () => {
    const scene = await asyncScene();
    const { db } = scene;
    // The first start ends once its lease cannot be renewed; then the same call makes the second start.
    const running = scene.round();
    const asked = await scene.taken();
    const { id } = askedBy(asked).run;
    const { fence } = await rowOf(db, id);
    await giveBackRuns(db, [{ id, fence: fence! }]);
    expect(await scene.report(asked, calm)).toMatchObject({ status: 503 });
    const started = async () => {
      const { status, generation } = await rowOf(db, id);
      return [status, generation];
    };
    await expect.poll(started, { timeout: 10_000 }).toEqual(['running', 2]);
    expect(await scene.report(asked, calm)).toMatchObject({ status: 202 });
    expect(await running).toMatchObject({ status: 'success', attempt: 1 });
    expect(scene.seen).toHaveLength(1);
  },
);

test.runIf(hasOpenssl)(
  'a run that is taken over asks anew, and the report of its earlier attempt is refused',
  async () => {
    const scene = await asyncScene();
    const { db } = scene;
    const running = scene.round({ max_attempts: 3 });
    const asked = await scene.taken();
    const { id } = askedBy(asked).run;
    const takeOver = async () => {
      await sql`UPDATE bot_executions SET lease_until = engine.now() - interval '1 second' WHERE id = ${id}::uuid`.execute(
        db,
      );
      return takeOverRuns(db, 10);
    };
    await expect.poll(takeOver).toHaveLength(1);
    await running;
    expect(await scene.report(asked, calm)).toMatchObject({ status: 410 });
    const secondAttempt = attempt(scene.engine, id);
    const again = await scene.taken(2);
    expect(askedBy(again).run).toMatchObject({ id, attempt: 2 });
    expect(await scene.report(asked, calm)).toMatchObject({ status: 410 });
    expect(await scene.report(again, calm)).toMatchObject({ status: 202 });
    expect(await secondAttempt).toMatchObject({ status: 'success', attempt: 2 });
  },
);

/** Holds the row of the only request until the returned function is called, so that all others who want it wait in order. */
async function holdRow({ engine, db }: Awaited<ReturnType<typeof asyncScene>>) {
  const holder = connect(engine.url, { max: 1 });
  const released = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const ended = holder.transaction().execute(async (trx) => {
    await sql`SELECT FROM engine.remote_reports FOR UPDATE`.execute(trx);
    held.resolve();
    await released.promise;
  });
  await held.promise;
  return {
    async waiting(count: number) {
      const waiters = async () => {
        const { rows } = await sql<{ count: number }>`
          SELECT count(*)::int FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%engine.remote_reports%'`.execute(
          db,
        );
        return rows[0]!.count;
      };
      await expect.poll(waiters, { timeout: 15_000, interval: 20 }).toBe(count);
    },
    async release() {
      released.resolve();
      await ended;
      await holder.destroy();
    },
  };
}

test.runIf(hasOpenssl)(
  'a report that comes just before its lease ends counts, although the check gives up in the same moment',
  async () => {
    const scene = await asyncScene(takesOn(3));
    const running = scene.round();
    const asked = await scene.taken();
    const row = await holdRow(scene);
    const reported = scene.report(asked, calm);
    await row.waiting(1);
    await row.waiting(2);
    await row.release();
    expect([(await reported).status, (await running).status]).toEqual([202, 'success']);
  },
);

test.runIf(hasOpenssl)(
  'a report that comes in the moment after the check has given up is refused',
  async () => {
    const scene = await asyncScene();
    const running = scene.round();
    const asked = await scene.taken();
    const row = await holdRow(scene);
    await set(scene.db, 'mode', 'off');
    await row.waiting(1);
    const reported = scene.report(asked, calm);
    await row.waiting(2);
    await row.release();
    expect([(await reported).status, (await running).status]).toEqual([410, 'failed']);
  },
);
