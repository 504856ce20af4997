import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { ReportedSeverity } from '../../src/bot.ts';
import { countFindings, listFindings } from '../../src/data/bots/bot-findings.ts';
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

  test("does not count findings that the platform's own code wrote: no check sees when they are gone", async () => {
    const bot = await cluster();
    await sql`INSERT INTO bot_findings (bot_id, severity, category, title, affected_component)
              SELECT id, 'critical', 'performance', 'seen by hand', 'own-' || n
              FROM bots, generate_series(1, 30) n WHERE name = 'cluster'`.execute(bot.db);
    await bot.has(1, 12);
    expect(bot.healed).toEqual(['node-00']);
    await bot.has(7, 12);
    const storms = (await bot.pending()).filter(({ title }) => title.startsWith('Storm'));
    expect(storms).toMatchObject([
      {
        title: 'Storm: 7 of 12 components of cluster are broken',
        severity: 'high',
        metadata: { storm: { components: names.slice(0, 7) } },
      },
    ]);
  });

  test('is one ticket of its own, as severe as the worst, that names what is broken', async () => {
    const bot = await cluster();
    for (let number = 0; number < 3; number++) await bot.has(7, 10, 3);
    expect(await bot.pending()).toMatchObject([
      {
        severity: 'critical',
        assigned_to: 'owner',
        title: 'Storm: 7 of 10 components of cluster are broken',
        description: expect.stringContaining(`Broken now: ${names.slice(0, 7).join(', ')}`),
        occurrences: 3,
        metadata: { storm: { broken: 7, of: 10, most: 7, components: names.slice(0, 7) } },
      },
    ]);
  });

  test('whose worst finding goes and comes is still one ticket, which says how much is broken now', async () => {
    const bot = await cluster();
    await set(bot.db, 'mode', 'off');
    await bot.has(9, 10, 3);
    const [first] = await bot.pending();
    for (const [broken, worst] of [
      [6, 5],
      [7, 1],
      [6, -1],
    ] as const) {
      await bot.has(broken, 10, worst);
      expect(await bot.pending()).toMatchObject([
        {
          id: first!.id,
          severity: worst < 0 ? 'high' : 'critical',
          title: `Storm: ${broken} of 10 components of cluster are broken`,
          metadata: { storm: { broken, most: 9, components: names.slice(0, broken) } },
        },
      ]);
    }
  });

  test('names as many components as a person can read, and how many there are more', async () => {
    const many = Array.from({ length: 60 }, (_, index) => `part-${String(index).padStart(2, '0')}`);
    const bot = await tellers({ cluster: {} });
    await bot.say('cluster', { examined: many, findings: many.map((name) => problem(name)) });
    const [ticket] = await bot.tickets();
    expect(ticket).toMatchObject({
      title: 'Storm: 60 of 60 components of cluster are broken',
      metadata: { storm: { broken: 60, components: many.slice(0, 50) } },
    });
    expect(ticket!.description).toMatch(/part-49 and 10 more$/);
  });

  test.each([
    [3, '3 components are broken still: node-00, node-01, node-02'],
    [1, '1 component is broken still: node-00'],
    [0, 'no component is broken any more'],
  ])(
    'that is over, with %i left, says so on its ticket; the rest is healed, or gets its tickets',
    async (left, said) => {
      const bot = await cluster();
      await set(bot.db, 'mode', 'off');
      await bot.has(6, 10);
      const [storm] = await bot.pending();
      await bot.has(left, 10);
      const tickets = await bot.tickets();
      expect(tickets[0]).toMatchObject({
        id: storm!.id,
        status: 'resolved',
        resolved_by: 'roundsman',
        title: 'Storm: up to 6 components of cluster were broken',
        resolution_notes: `The storm is over: ${said}.`,
        metadata: { storm: { broken: left, of: 10, most: 6 } },
      });
      expect(
        tickets
          .slice(1)
          .map(({ title }) => title)
          .toSorted(),
      ).toEqual(names.slice(0, left).map((name) => `${name} is broken`));
      const events = await bot.db
        .selectFrom('bot_ticket_events')
        .select(['event', 'detail'])
        .where('ticket_id', '=', storm!.id)
        .orderBy('id')
        .execute();
      expect(events).toMatchObject([
        { event: 'opened' },
        { event: 'resolved', detail: { storm: { broken: left } } },
      ]);
      await set(bot.db, 'mode', 'safe');
      await bot.has(left, 10);
      expect(bot.healed.toSorted()).toEqual(names.slice(0, left));
    },
  );

  test('that comes again within a day opens its ticket again', async () => {
    const bot = await cluster();
    await set(bot.db, 'mode', 'off');
    await bot.has(6, 10);
    const [storm] = await bot.pending();
    await bot.has(0, 10);
    await bot.has(8, 10);
    expect(await bot.pending()).toMatchObject([
      {
        id: storm!.id,
        occurrences: 2,
        title: 'Storm: 8 of 10 components of cluster are broken',
        metadata: { storm: { broken: 8, most: 8 } },
      },
    ]);
  });

  test('stays one where a run cannot tell how much there is: every check erred, or it only judges', async () => {
    const bot = await cluster();
    await set(bot.db, 'mode', 'off');
    await bot.has(6, 10);
    const [storm] = await bot.pending();
    await bot.say('cluster', { examined: [], findings: [] });
    expect(await bot.pending()).toMatchObject([
      {
        id: storm!.id,
        title: 'Storm: 6 of 10 components of cluster are broken',
        metadata: { storm: { broken: 6, of: 10 } },
      },
    ]);
  });

  test('that a person resolved is over for them until a run sees it again', async () => {
    const bot = await cluster();
    await set(bot.db, 'mode', 'off');
    await bot.has(6, 10);
    await bot.db
      .updateTable('bot_tickets')
      .set({
        status: 'resolved',
        resolved_at: sql`engine.now()`,
        resolved_by: 'ann',
        resolution_notes: 'the switch was dead',
      })
      .execute();
    await bot.say('cluster', { examined: [], findings: [] });
    expect(await bot.pending()).toEqual([]);
    await bot.has(6, 10);
    expect(await bot.pending()).toMatchObject([{ occurrences: 2 }]);
  });

  test.each(['null', '[]', '7', '{"storm": 7}', '{"storm": {"of": "x", "most": 1e300}}'])(
    'is kept current on a ticket whose metadata another program made %s',
    async (metadata) => {
      const bot = await cluster();
      await bot.has(6, 10);
      await sql`UPDATE bot_tickets SET metadata = ${metadata}::jsonb`.execute(bot.db);
      const run = await bot.has(7, 10);
      expect(run.status).toBe('success');
      expect(await bot.pending()).toMatchObject([{ metadata: { storm: { broken: 7, of: 10 } } }]);
      await bot.has(1, 10);
      expect((await bot.tickets())[0]).toMatchObject({ status: 'resolved' });
    },
  );

  test('whose worst finding is silenced is as severe as the next', async () => {
    const bot = await cluster();
    await bot.db
      .insertInto('bot_silences')
      .values({ owner: 'ann', reason: 'known', until_resolved: true, component: names[3]! })
      .execute();
    await bot.has(7, 10, 3);
    expect(await bot.pending()).toMatchObject([
      {
        severity: 'high',
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

  test('whose worst finding is clean already, and waits to be resolved, is as severe as the next', async () => {
    const bot = await tellers({ cluster: {} });
    await bot.db.updateTable('bots').set({ clear: 2 }).execute();
    await bot.say('cluster', severities('medium'));
    await bot.say('cluster', {
      examined: names.slice(0, 10),
      findings: names.slice(1, 7).map((name) => problem(name, { severity: 'low' })),
    });
    expect(await bot.tickets()).toMatchObject([
      { severity: 'medium' },
      { severity: 'low', metadata: { storm: { broken: 7, of: 10 } } },
    ]);
  });

  test('leaves the tickets that were open before it as they are', async () => {
    const bot = await cluster();
    await set(bot.db, 'mode', 'off');
    await bot.has(1, 10);
    const [before] = await bot.pending();
    for (const broken of [6, 7]) await bot.has(broken, 10);
    expect(await bot.pending()).toMatchObject([
      { id: before!.id, title: 'node-00 is broken', occurrences: 3 },
      { title: 'Storm: 7 of 10 components of cluster are broken', occurrences: 2 },
    ]);
    await bot.has(1, 10);
    expect(await bot.pending()).toMatchObject([{ id: before!.id, occurrences: 4 }]);
  });

  test('begins where the settings say', async () => {
    const bot = await cluster();
    await sql`UPDATE engine.settings SET value = value || '{"storm_components": 2, "storm_share": 0.1}'
              WHERE key = 'healing'`.execute(bot.db);
    await bot.has(2, 10);
    expect(await bot.decisions()).toMatchObject([{ gate: 'storm' }, { gate: 'storm' }]);
    expect(await bot.pending()).toHaveLength(1);
  });

  test('is none where the check calls its components unrelated: each finding has its own ticket, and is healed', async () => {
    const bot = await cluster();
    await bot.say('cluster', {
      examined: names,
      findings: names
        .slice(0, 8)
        .map((name) => problem(name, { severity: 'medium', category: 'other' })),
      unrelated: true,
    });
    expect((await bot.pending()).map(({ title }) => title).toSorted()).toEqual(
      names.slice(0, 8).map((name) => `${name} is broken`),
    );
    expect((await bot.decisions()).filter(({ gate }) => gate === 'storm')).toEqual([]);
    // A storm that a bot had before its check said so is over.
    await bot.has(7, 10);
    expect((await bot.pending()).some(({ title }) => title.startsWith('Storm'))).toBe(true);
    await bot.say('cluster', {
      examined: names,
      findings: names.slice(0, 7).map((name) => problem(name, { severity: 'high' })),
      unrelated: true,
    });
    expect((await bot.pending()).some(({ title }) => title.startsWith('Storm'))).toBe(false);
  });

  test('has a ticket that stands for none of the findings that another check of its bot calls unrelated', async () => {
    const bot = await cluster();
    await bot.has(7, 10);
    const { id } = await bot.db
      .selectFrom('bots')
      .select('id')
      .where('name', '=', 'cluster')
      .executeTakeFirstOrThrow();
    await sql`
      INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint)
      VALUES (${id}::uuid, 'low', 'other', 'of its own', 'apart', 'errors', 'apart', 'apart')`.execute(
      bot.db,
    );
    const ticketOf = async () => {
      const rows = await listFindings(bot.db, { botId: id, which: 'open', limit: 100 });
      return rows.find(({ affected_component }) => affected_component === 'apart')?.ticket?.title;
    };
    const inStorm = { botId: id, which: 'open', inStorm: true, limit: 100 } as const;
    expect(await ticketOf()).toMatch(/^Storm: 7 /);
    expect(await countFindings(bot.db, inStorm)).toBe(8);
    await sql`UPDATE bots SET examined = examined || '{"errors": false}' WHERE id = ${id}::uuid`.execute(
      bot.db,
    );
    expect(await ticketOf()).toBeUndefined();
    expect(await countFindings(bot.db, inStorm)).toBe(7);
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

  test('leaves its findings to recover or to persist: they show what happens without a cure', async () => {
    const bot = await cluster();
    await bot.has(6, 10);
    await bot.has(6, 10);
    await settle(bot.db, bot.engine.catalogue);
    const { rows } = await sql<{ outcome: string }>`
      SELECT outcome FROM bot_decisions WHERE fingerprint <> 'elsewhere'`.execute(bot.db);
    expect(rows.map(({ outcome }) => outcome)).toEqual(Array(6).fill('persisted'));
  });
});
