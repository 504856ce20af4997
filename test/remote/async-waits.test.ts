/** The contract `async`: leases that end, answers that never come, cures that are verified, runs that are stopped while they wait. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { aRemedy, playbook } from '../support/builders.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { nothingHeldOut, set } from '../support/runs.ts';
import { askedBy, asyncScene, takesOn } from './async-scene.ts';
import { calm, type Seen } from './scene.ts';

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
    expect(await next).toMatchObject({ status: 'skipped', reason: 'kill_switch' });
    expect(await scene.whySkipped()).toContain('the mode is off');
    expect(await scene.report(other, calm)).toMatchObject({ status: 410 });
  });

  test('is asked once, also where all connections to the database are lost while it is awaited', async () => {
    const scene = await asyncScene();
    const running = scene.round();
    const asked = await scene.taken();
    const killer = connect(scene.engine.url, { max: 1, name: 'killer' });
    const { rows } = await sql<{ ended: boolean }>`
      SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`.execute(
      killer,
    );
    await killer.destroy();
    expect(rows.length).toBeGreaterThan(0);
    await expect
      .poll(
        () =>
          scene.report(asked, calm).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(202);
    expect(await running).toMatchObject({ status: 'success', attempt: 1 });
    expect(scene.seen).toHaveLength(1);
  });
});
