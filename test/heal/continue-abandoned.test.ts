import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { attempt, queuedRun, set } from '../support/runs.ts';
import { entry, playbook } from '../support/builders.ts';
import { leftBehind, simulatedPlatform, type Cure } from './simulated-platform.ts';

const seed = entry('single', playbook('disk.first'));

/** An open finding that was never healed; the run that saw it has ended. */
async function admitted(
  cures: Cure[] = [{ name: 'disk.first' }],
  severity: 'high' | 'medium' = 'high',
) {
  const platform = await simulatedPlatform([seed], cures, { severity });
  await set(platform.db, 'mode', 'off');
  await platform.round();
  await set(platform.db, 'mode', 'safe');
  await platform.forget();
  return platform;
}

test('an intent that a lost attempt left behind is continued, applied once and verified', async () => {
  const platform = await admitted();
  const { id, heal_id } = await leftBehind(platform, 'single', 'disk.first', 'intent');
  const row = await platform.round();
  expect(row).toMatchObject({ status: 'success', actions_taken: 1 });
  expect(await platform.effects()).toEqual(['disk.first']);
  expect(await platform.actions()).toMatchObject([
    { id, heal_id, state: 'verified', success: true, execution_id: row.id },
  ]);
  expect(await platform.finding()).toMatchObject({ resolution_method: 'escalated' });
});

test('an intent of the same run is continued by its next attempt', async () => {
  const platform = await admitted();
  const id = await queuedRun(platform.db, 'watch');
  await leftBehind(platform, 'single', 'disk.first', 'intent', { execution_id: id });
  await attempt(platform.engine, id);
  expect(await platform.effects()).toEqual(['disk.first']);
  expect(await platform.actions()).toMatchObject([{ state: 'verified' }]);
});

test('an intent with nothing left to do is not applied again', async () => {
  const platform = await admitted([{ name: 'disk.first', rest: { isDone: async () => true } }]);
  await leftBehind(platform, 'single', 'disk.first', 'intent');
  platform.broken.delete('disk');
  platform.broken.add('other');
  await platform.round();
  expect(await platform.effects()).toEqual([]);
});

test('an applied action is verified and not repeated', async () => {
  const platform = await admitted();
  await leftBehind(platform, 'single', 'disk.first', 'applied');
  await platform.round();
  expect(await platform.effects()).toEqual([]);
  expect(await platform.actions()).toMatchObject([
    { state: 'failed', error_message: 'the check still fails after this step was applied' },
  ]);
});

test('an unfinished action of a run that another worker executes is left to that run', async () => {
  const platform = await admitted();
  await sql`UPDATE bots SET concurrency = 2`.execute(platform.db);
  const elsewhere = await queuedRun(platform.db, 'watch', {
    status: 'running',
    fence: 1,
    lease_until: new Date(Date.now() + 60_000),
    worker: 'w',
  });
  await leftBehind(platform, 'single', 'disk.first', 'intent', { execution_id: elsewhere });
  await platform.round();
  expect(await platform.effects()).toEqual([]);
  expect(await platform.decisions()).toMatchObject([{ verdict: 'blocked', gate: 'in_progress' }]);
});

test.each([
  ['running', { fence: 1, lease_until: new Date(Date.now() + 60_000), worker: 'w' }, 'intent'],
  ['queued', {}, 'intent'],
  ['cancelled', { completed_at: new Date() }, 'aborted'],
] as const)('a clean result finds the intent of a run that is %s', async (status, values, as) => {
  const platform = await admitted();
  await sql`UPDATE bots SET concurrency = 2`.execute(platform.db);
  const elsewhere = await queuedRun(platform.db, 'watch', { status, ...values });
  await leftBehind(platform, 'single', 'disk.first', 'intent', { execution_id: elsewhere });
  platform.broken.clear();
  await platform.round();
  expect(await platform.actions()).toMatchObject([{ state: as }]);
});

test('two runs that find one abandoned intent at the same time apply it once', async () => {
  const platform = await admitted([{ name: 'disk.first', works: false }]);
  await leftBehind(platform, 'single', 'disk.first', 'intent');
  const finding = (await platform.finding()) as never;
  const both = [await platform.comesTo(finding), await platform.comesTo(finding)];
  await Promise.all(both.map((heal) => heal()));
  expect(await platform.effects()).toEqual(['disk.first']);
});

describe('an abandoned intent is not applied', () => {
  test('while the kill switch is on', async () => {
    const platform = await admitted();
    await leftBehind(platform, 'single', 'disk.first', 'intent');
    await set(platform.db, 'mode', 'off');
    await platform.round();
    expect(await platform.effects()).toEqual([]);
  });

  test('while its finding is silenced', async () => {
    const platform = await admitted();
    await leftBehind(platform, 'single', 'disk.first', 'intent');
    await platform.db
      .insertInto('bot_silences')
      .values({ owner: 'ann', reason: 'maintenance', until_resolved: true, component: 'disk' })
      .execute();
    await platform.round();
    expect(await platform.effects()).toEqual([]);
  });

  test.each(['enabled = false', "autonomy = 'shadow'"])('when its entry has %s', async (change) => {
    const platform = await admitted();
    await leftBehind(platform, 'single', 'disk.first', 'intent');
    await sql`UPDATE bot_knowledge SET ${sql.raw(change)}`.execute(platform.db);
    await platform.round();
    expect(await platform.effects()).toEqual([]);
  });

  test('when its finding came back after it was gone', async () => {
    const platform = await admitted();
    await leftBehind(platform, 'single', 'disk.first', 'intent');
    platform.broken.clear();
    await platform.round();
    expect((await platform.actions()).map(({ state }) => state)).toEqual(['aborted']);
  });
});

test.each(['DELETE FROM bot_knowledge', "UPDATE bot_knowledge SET solution = 'Call somebody.'"])(
  'an intent whose entry is gone blocks its finding for no longer (%s)',
  async (change) => {
    const platform = await admitted([{ name: 'disk.first' }], 'medium');
    await leftBehind(platform, 'single', 'disk.first', 'intent');
    await sql.raw(change).execute(platform.db);
    await platform.round();
    const [action] = await platform.actions();
    expect(['intent', 'applied']).not.toContain(action!.state);
  },
);

test('after a continued step that did not help, the next step is applied', async () => {
  const platform = await simulatedPlatform(
    [entry('ladder', playbook('disk.first', 'disk.second'))],
    [{ name: 'disk.first', works: false }, { name: 'disk.second' }],
  );
  await set(platform.db, 'mode', 'off');
  await platform.round();
  await set(platform.db, 'mode', 'safe');
  await leftBehind(platform, 'ladder', 'disk.first', 'intent');
  await platform.round();
  expect(await platform.effects()).toEqual(['disk.first', 'disk.second']);
});
