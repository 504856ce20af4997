import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { attempt, queuedRun, set } from '../support/runs.ts';
import { entry, playbook } from '../support/builders.ts';
import { leftBehind, ward, type Cure } from './patients.ts';

const seed = entry('single', playbook('disk.first'));

/** A finding that is open and has never been healed, its run ended. */
async function admitted(
  cures: Cure[] = [{ name: 'disk.first' }],
  severity: 'high' | 'medium' = 'high',
) {
  const patients = await ward([seed], cures, { severity });
  await set(patients.db, 'mode', 'off');
  await patients.round();
  await set(patients.db, 'mode', 'safe');
  await patients.forget();
  return patients;
}

test('an intent that a dead attempt left is adopted, applied once and verified', async () => {
  const patients = await admitted();
  const { id, heal_id } = await leftBehind(patients, 'single', 'disk.first', 'intent');
  const row = await patients.round();
  expect(row).toMatchObject({ status: 'success', actions_taken: 1 });
  expect(await patients.effects()).toEqual(['disk.first']);
  expect(await patients.actions()).toMatchObject([
    { id, heal_id, state: 'verified', success: true, execution_id: row.id },
  ]);
  expect(await patients.finding()).toMatchObject({ resolution_method: 'escalated' });
});

test('an intent of this very run is adopted by its next attempt', async () => {
  const patients = await admitted();
  const id = await queuedRun(patients.db, 'doctor');
  await leftBehind(patients, 'single', 'disk.first', 'intent', { execution_id: id });
  await attempt(patients.engine, id);
  expect(await patients.effects()).toEqual(['disk.first']);
  expect(await patients.actions()).toMatchObject([{ state: 'verified' }]);
});

test('an intent whose effect was reached already is not applied again', async () => {
  const patients = await admitted([{ name: 'disk.first', rest: { isDone: async () => true } }]);
  await leftBehind(patients, 'single', 'disk.first', 'intent');
  patients.ill.delete('disk');
  patients.ill.add('other');
  await patients.round();
  expect(await patients.effects()).toEqual([]);
});

test('one that was applied is verified and not repeated', async () => {
  const patients = await admitted();
  await leftBehind(patients, 'single', 'disk.first', 'applied');
  await patients.round();
  expect(await patients.effects()).toEqual([]);
  expect(await patients.actions()).toMatchObject([
    { state: 'failed', error_message: 'the check still fails after it was applied' },
  ]);
});

test('an unfinished one of a run that goes on elsewhere is left to it', async () => {
  const patients = await admitted();
  await sql`UPDATE bots SET concurrency = 2`.execute(patients.db);
  const elsewhere = await queuedRun(patients.db, 'doctor', {
    status: 'running',
    fence: 1,
    lease_until: new Date(Date.now() + 60_000),
    worker: 'w',
  });
  await leftBehind(patients, 'single', 'disk.first', 'intent', { execution_id: elsewhere });
  await patients.round();
  expect(await patients.effects()).toEqual([]);
  expect(await patients.decisions()).toMatchObject([{ verdict: 'blocked', gate: 'in_progress' }]);
});

test.each([
  ['running', { fence: 1, lease_until: new Date(Date.now() + 60_000), worker: 'w' }, 'intent'],
  ['queued', {}, 'intent'],
  ['cancelled', { completed_at: new Date() }, 'aborted'],
] as const)('a clean result finds the intent of a run that is %s', async (status, values, as) => {
  const patients = await admitted();
  await sql`UPDATE bots SET concurrency = 2`.execute(patients.db);
  const elsewhere = await queuedRun(patients.db, 'doctor', { status, ...values });
  await leftBehind(patients, 'single', 'disk.first', 'intent', { execution_id: elsewhere });
  patients.ill.clear();
  await patients.round();
  expect(await patients.actions()).toMatchObject([{ state: as }]);
});

test('two runs at once that find one abandoned intent apply it once', async () => {
  const patients = await admitted([{ name: 'disk.first', works: false }]);
  await leftBehind(patients, 'single', 'disk.first', 'intent');
  const finding = (await patients.finding()) as never;
  const both = [await patients.comesTo(finding), await patients.comesTo(finding)];
  await Promise.all(both.map((heal) => heal()));
  expect(await patients.effects()).toEqual(['disk.first']);
});

describe('an abandoned intent is not applied', () => {
  test('while the kill switch is on', async () => {
    const patients = await admitted();
    await leftBehind(patients, 'single', 'disk.first', 'intent');
    await set(patients.db, 'mode', 'off');
    await patients.round();
    expect(await patients.effects()).toEqual([]);
  });

  test('while its finding is silenced', async () => {
    const patients = await admitted();
    await leftBehind(patients, 'single', 'disk.first', 'intent');
    await patients.db
      .insertInto('bot_silences')
      .values({ owner: 'ann', reason: 'maintenance', until_resolved: true, component: 'disk' })
      .execute();
    await patients.round();
    expect(await patients.effects()).toEqual([]);
  });

  test.each(['enabled = false', "autonomy = 'shadow'"])('when its entry has %s', async (change) => {
    const patients = await admitted();
    await leftBehind(patients, 'single', 'disk.first', 'intent');
    await sql`UPDATE bot_knowledge SET ${sql.raw(change)}`.execute(patients.db);
    await patients.round();
    expect(await patients.effects()).toEqual([]);
  });

  test('when its finding came back after it was gone', async () => {
    const patients = await admitted();
    await leftBehind(patients, 'single', 'disk.first', 'intent');
    patients.ill.clear();
    await patients.round();
    expect((await patients.actions()).map(({ state }) => state)).toEqual(['aborted']);
  });
});

test.each(['DELETE FROM bot_knowledge', "UPDATE bot_knowledge SET solution = 'Call somebody.'"])(
  'an intent whose entry is gone blocks its finding for no longer (%s)',
  async (change) => {
    const patients = await admitted([{ name: 'disk.first' }], 'medium');
    await leftBehind(patients, 'single', 'disk.first', 'intent');
    await sql.raw(change).execute(patients.db);
    await patients.round();
    const [action] = await patients.actions();
    expect(['intent', 'applied']).not.toContain(action!.state);
  },
);

test('after an adopted step that did not help the ladder goes on', async () => {
  const patients = await ward(
    [entry('ladder', playbook('disk.first', 'disk.second'))],
    [{ name: 'disk.first', works: false }, { name: 'disk.second' }],
  );
  await set(patients.db, 'mode', 'off');
  await patients.round();
  await set(patients.db, 'mode', 'safe');
  await leftBehind(patients, 'ladder', 'disk.first', 'intent');
  await patients.round();
  expect(await patients.effects()).toEqual(['disk.first', 'disk.second']);
});
