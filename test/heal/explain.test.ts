import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { explain } from '../../src/heal/explain.ts';
import { entry, playbook } from '../support/builders.ts';
import { nothingHeldOut, set } from '../support/runs.ts';
import { leftBehind, simulatedPlatform } from './simulated-platform.ts';

type SimulatedPlatform = Awaited<ReturnType<typeof simulatedPlatform>>;

const cure = { name: 'disk.clean' };
const pager = { name: 'disk.page', works: false, rest: { risk: 'irreversible' as const } };

/** An open finding that no remedy was tried on; entries leave no finding alone on purpose. */
async function diagnosed(
  ...knowledge: Parameters<typeof simulatedPlatform>[0]
): Promise<SimulatedPlatform> {
  const platform = await simulatedPlatform(knowledge, [cure, pager]);
  await platform.seen();
  await nothingHeldOut(platform.db);
  return platform;
}

const explained = async ({ db, engine, finding }: SimulatedPlatform) =>
  explain(db, engine.catalogue, await finding());
const prospects = async (platform: SimulatedPlatform) =>
  Object.fromEntries(
    (await explained(platform)).candidates.map(({ candidate, prospect, gate }) => [
      candidate.name,
      gate ?? prospect,
    ]),
  );
const counts = async ({ db }: SimulatedPlatform) => {
  const { rows } = await sql<{ counts: unknown }>`
    SELECT json_build_array((SELECT count(*) FROM bot_decisions), (SELECT count(*) FROM bot_actions),
      (SELECT json_agg(s) FROM bot_finding_states s)) AS counts`.execute(db);
  return rows[0]!.counts;
};

test('the explanation says what the next run then does, and writes nothing', async () => {
  const platform = await diagnosed(
    entry('clean', playbook('disk.clean')),
    entry('later', playbook('disk.clean')),
    entry('quiet', playbook('disk.clean'), { autonomy: 'shadow' }),
    entry('advice', 'Buy a bigger one.', { autonomy: 'suggest' }),
  );
  const before = await counts(platform);
  const { candidates } = await explained(platform);
  expect(await counts(platform)).toEqual(before);
  expect(candidates.at(-1)!.candidate.name).toBe('advice');
  const first = candidates.find(({ prospect }) => prospect === 'apply')!.candidate.name;
  const second = first === 'clean' ? 'later' : 'clean';
  expect(await prospects(platform)).toEqual({
    [first]: 'apply',
    [second]: 'wait',
    quiet: 'autonomy',
    advice: 'advise',
  });
  await platform.round();
  const applied = (await platform.decisions()).filter(({ verdict }) => verdict === 'applied');
  expect(applied).toEqual([{ name: first, verdict: 'applied', gate: null }]);
});

test.each([
  ['kill_switch', ({ db }: SimulatedPlatform) => set(db, 'mode', 'off')],
  [
    'cooldown',
    (platform: SimulatedPlatform) =>
      leftBehind(platform, 'clean', 'disk.clean', 'failed', {
        taken_at: sql`engine.now() - interval '1 minute'`,
        applied_at: null,
      }),
  ],
  [
    'in_progress',
    (platform: SimulatedPlatform) => leftBehind(platform, 'clean', 'disk.clean', 'unknown'),
  ],
  [
    'disabled',
    ({ db }: SimulatedPlatform) => sql`UPDATE bot_knowledge SET enabled = false`.execute(db),
  ],
  ['budget', ({ db }: SimulatedPlatform) => set(db, 'budget', {})],
])('it names the closed gate %s', async (gate, close) => {
  const platform = await diagnosed(entry('clean', playbook('disk.clean')));
  expect(await prospects(platform)).toEqual({ clean: 'apply' });
  await close(platform);
  expect(await prospects(platform)).toEqual({ clean: gate });
});

test('an irreversible entry waits for a person, and an approval opens its gates', async () => {
  const platform = await diagnosed(entry('page', playbook('disk.page'), { autonomy: 'suggest' }));
  expect(await prospects(platform)).toEqual({ page: 'autonomy' });
  await set(platform.db, 'mode', 'auto');
  expect(await prospects(platform)).toEqual({ page: 'autonomy' });
  await platform.round();
  await sql`UPDATE bot_decisions SET answer = 'approved', answered_by = 'ann', answered_at = engine.now()
            WHERE verdict = 'suggested'`.execute(platform.db);
  expect(await prospects(platform)).toEqual({ page: 'apply' });
});

test('an answer to what an entry said in shadow does not approve it', async () => {
  const platform = await diagnosed(entry('quiet', playbook('disk.clean'), { autonomy: 'shadow' }));
  await platform.round();
  await sql`UPDATE bot_decisions SET answer = 'approved', answered_by = 'ann', answered_at = engine.now()
            WHERE verdict = 'shadowed' AND finding_id IS NOT NULL`.execute(platform.db);
  expect(await prospects(platform)).toEqual({ quiet: 'autonomy' });
  await platform.round();
  expect(await platform.effects()).toEqual([]);
});

test('when many components are broken, it depends on the run whether that is a storm', async () => {
  const platform = await diagnosed(entry('clean', playbook('disk.clean')));
  await sql`
    INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint)
    SELECT bot_id, severity, category, title, 'part-' || n, check_name, 'part-' || n, 'part-' || n
    FROM bot_findings, generate_series(1, 4) n`.execute(platform.db);
  const finding = await platform.db
    .selectFrom('bot_findings')
    .selectAll()
    .where('affected_component', '=', 'disk')
    .executeTakeFirstOrThrow();
  const { candidates } = await explain(platform.db, platform.engine.catalogue, finding);
  expect(candidates).toMatchObject([{ prospect: 'apply', gate: null, storm: true }]);
});

test('a resolved finding is explained by what was decided', async () => {
  const platform = await diagnosed(entry('clean', playbook('disk.clean')));
  await platform.round();
  const { candidates, decisions } = await explained(platform);
  expect(candidates).toEqual([]);
  expect(decisions).toMatchObject([
    { verdict: 'applied', bot_knowledge: { name: 'clean' }, figures: { mode: 'safe' } },
    { verdict: 'blocked', gate: 'kill_switch' },
  ]);
});
