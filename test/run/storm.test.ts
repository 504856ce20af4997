import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { ReportedSeverity } from '../../src/bot.ts';
import { settle } from '../../src/maintain/settle.ts';
import { aRemedy, entry, playbook, problem } from '../support/builders.ts';
import { set } from '../support/runs.ts';
import { tellers } from './teller.ts';

const names = Array.from({ length: 12 }, (_, index) => `node-${String(index).padStart(2, '0')}`);

/** A bot that looks at so many components of which so many are broken. */
async function cluster() {
  const healed: string[] = [];
  const restart = aRemedy('node.restart', async ({ target }) => void healed.push(target.component));
  const bots = await tellers({
    cluster: { knowledge: [entry('restart', playbook('node.restart'))], remedies: [restart] },
  });
  return {
    ...bots,
    healed,
    has: (broken: number, known: number, worst = -1) =>
      bots.say('cluster', {
        examined: names.slice(0, known),
        findings: names
          .slice(0, broken)
          .map((name, index) => problem(name, { severity: index === worst ? 'critical' : 'high' })),
      }),
    pending: async () =>
      (await bots.tickets()).filter(({ status }) => status === 'open' || status === 'assigned'),
  };
}

describe('a storm', () => {
  test.each([
    [5, 9],
    [6, 10],
    [5, 5],
  ])(
    'is when %i of %i are broken: nothing is healed, each refusal is written down',
    async (broken, known) => {
      const bot = await cluster();
      await bot.has(broken, known);
      expect(bot.healed).toEqual([]);
      expect(await bot.decisions()).toEqual(
        names
          .slice(0, broken)
          .map((component) => ({ component, verdict: 'blocked', gate: 'storm' })),
      );
      expect(await bot.db.selectFrom('bot_actions').selectAll().execute()).toEqual([]);
    },
  );

  test.each([
    [5, 10],
    [4, 4],
    [4, 5],
  ])('is not when %i of %i are', async (broken, known) => {
    const bot = await cluster();
    // Otherwise they exceed what one entry may do in an hour, and may fail.
    await sql`UPDATE engine.settings SET value = value || '{"heals_per_entry": 100, "breaker_failures": 100}'
              WHERE key = 'healing'`.execute(bot.db);
    await bot.has(broken, known);
    expect(bot.healed.toSorted()).toEqual(names.slice(0, broken));
    expect(await bot.pending()).toHaveLength(broken);
  });

  test('is one ticket, about the worst, that says so', async () => {
    const bot = await cluster();
    for (let number = 0; number < 3; number++) await bot.has(7, 10, 3);
    expect(await bot.pending()).toMatchObject([
      {
        severity: 'critical',
        title: 'node-03 is broken',
        occurrences: 3,
        metadata: { storm: { broken: 7, of: 10 } },
      },
    ]);
  });

  test('that is over leaves the others to be healed, and to their tickets', async () => {
    const bot = await cluster();
    await set(bot.db, 'mode', 'off');
    await bot.has(6, 10);
    expect(await bot.pending()).toHaveLength(1);
    await bot.has(3, 10);
    expect(await bot.pending()).toHaveLength(3);
    await set(bot.db, 'mode', 'safe');
    await bot.has(3, 10);
    expect(bot.healed.toSorted()).toEqual(names.slice(0, 3));
  });

  test('about whose worst finding nobody may be told is a ticket about the next', async () => {
    const bot = await cluster();
    await bot.db
      .insertInto('bot_silences')
      .values({ owner: 'ann', reason: 'known', until_resolved: true, component: names[3]! })
      .execute();
    await bot.has(7, 10, 3);
    expect(await bot.pending()).toMatchObject([
      {
        severity: 'high',
        title: expect.not.stringContaining(names[3]!),
        metadata: { storm: { broken: 7, of: 10 } },
      },
    ]);
  });

  const severities = (...of: ReportedSeverity[]) => ({
    examined: names.slice(0, 10),
    findings: of.map((severity, index) => problem(names[index]!, { severity })),
  });

  test('is a ticket whatever its worst severity', async () => {
    const bot = await tellers({ cluster: {} });
    await bot.say('cluster', severities('low', 'low', 'low', 'low', 'low', 'low'));
    expect(await bot.tickets()).toMatchObject([
      { severity: 'low', metadata: { storm: { broken: 6, of: 10 } } },
    ]);
    await bot.say('cluster', severities('low', 'low', 'low', 'low', 'low', 'low'));
    expect(await bot.tickets()).toMatchObject([{ occurrences: 2 }]);
  });

  test('whose worst finding is clean already, and waits to be resolved, is a ticket about the next', async () => {
    const bot = await tellers({ cluster: {} });
    await bot.db.updateTable('bots').set({ clear: 2 }).execute();
    await bot.say('cluster', severities('medium'));
    await bot.say('cluster', {
      examined: names.slice(0, 10),
      findings: names.slice(1, 7).map((name) => problem(name, { severity: 'low' })),
    });
    expect(await bot.tickets()).toMatchObject([
      { severity: 'low', metadata: { storm: { broken: 7, of: 10 } } },
    ]);
  });

  test('about whose worst finding a ticket is open already is said on that one, once', async () => {
    const bot = await cluster();
    await set(bot.db, 'mode', 'off');
    await bot.has(1, 10);
    const [before] = await bot.pending();
    expect(before!.metadata).not.toHaveProperty('storm');
    for (const broken of [6, 7]) await bot.has(broken, 10);
    expect(await bot.pending()).toMatchObject([
      { id: before!.id, occurrences: 3, metadata: { storm: { broken: 6, of: 10 } } },
    ]);
    const noted = await bot.db
      .selectFrom('bot_ticket_events')
      .select(['ticket_id', 'detail'])
      .where('event', '=', 'noted')
      .execute();
    expect(noted).toMatchObject([
      { ticket_id: before!.id, detail: { storm: { broken: 6, of: 10 } } },
    ]);
  });

  test('that opens a ticket again says so on it', async () => {
    const bot = await cluster();
    await set(bot.db, 'mode', 'off');
    await bot.has(1, 10, 0);
    await bot.has(0, 10);
    expect(await bot.pending()).toEqual([]);
    await bot.has(6, 10, 0);
    expect(await bot.pending()).toMatchObject([
      { occurrences: 2, metadata: { storm: { broken: 6, of: 10 } } },
    ]);
  });

  test('begins where the settings say', async () => {
    const bot = await cluster();
    await sql`UPDATE engine.settings SET value = value || '{"storm_components": 2, "storm_share": 0.1}'
              WHERE key = 'healing'`.execute(bot.db);
    await bot.has(2, 10);
    expect(await bot.decisions()).toMatchObject([{ gate: 'storm' }, { gate: 'storm' }]);
    expect(await bot.pending()).toHaveLength(1);
  });

  test('is of one bot: what is broken elsewhere does not count', async () => {
    const bot = await cluster();
    await bot.has(4, 4);
    await sql`INSERT INTO bots (name, display_name, schedule_cron, api_endpoint) VALUES ('other', 'O', '0 0 1 1 *', 'bot:cluster')`.execute(
      bot.db,
    );
    await sql`
      INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint)
      SELECT id, 'low', 'trouble', 't', c, 'c', c, c FROM bots, unnest('{a,b,c}'::text[]) c WHERE name = 'other'`.execute(
      bot.db,
    );
    await bot.has(4, 4);
    expect((await bot.decisions()).filter(({ gate }) => gate === 'storm')).toEqual([]);
  });

  test('leaves its findings to recover or to persist: what happens without a cure is learnt from it', async () => {
    const bot = await cluster();
    await bot.has(6, 10);
    await bot.has(6, 10);
    await settle(bot.db, bot.engine.catalogue);
    const { rows } = await sql<{ outcome: string }>`
      SELECT outcome FROM bot_decisions WHERE fingerprint <> 'elsewhere'`.execute(bot.db);
    expect(rows.map(({ outcome }) => outcome)).toEqual(Array(6).fill('persisted'));
  });
});
