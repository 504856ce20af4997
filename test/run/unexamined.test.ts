/** Findings that no check of their bot looks at any more are no part of a storm, and each gets a ticket of its own. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { CheckResult, ReportedSeverity } from '../../src/bot.ts';
import type { TicketRow } from '../../src/data/bots/bot-tickets.ts';
import { explain } from '../../src/heal/explain.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';
import { rescuer } from '../../src/maintain/rescue.ts';
import { resolveTicket } from '../../src/transitions/tickets/resolve.ts';
import { aBot, aRemedy, catalogue, entry, playbook, problem } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, queuedRun, run, set } from '../support/runs.ts';

const parts = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(2, '0')}`);
const nodes = parts('node', 12);
const gone = parts('gone', 6);

type Said = CheckResult | 'errs' | 'skips';

const seen = (
  examined: string[],
  broken: string[],
  severity: ReportedSeverity = 'high',
): CheckResult => ({ examined, findings: broken.map((name) => problem(name, { severity })) });

/** A bot with two checks that say what a test tells them; each remedy is remembered and helps nothing. */
async function twoChecks() {
  const healed: string[] = [];
  const said: Record<'nodes' | 'disks', Said> = { nodes: seen([], []), disks: seen([], []) };
  const check = (name: keyof typeof said) => async (_: unknown, context: any) => {
    const now = said[name];
    if (now === 'errs') throw new Error('no answer');
    return now === 'skips' ? context.skip('not now') : now;
  };
  const bot = aBot('cluster', { nodes: check('nodes'), disks: check('disks') } as never, {
    knowledge: [entry('restart', playbook('node.restart'))],
  });
  const restart = aRemedy('node.restart', async ({ target }) => void healed.push(target.component));
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot], [restart]));
  const { db } = engine;
  await nothingHeldOut(db);
  await sql`UPDATE engine.settings SET value = value || '{"heals_per_entry": 100, "breaker_failures": 100}'
            WHERE key = 'healing'`.execute(db);
  const pending = () =>
    db
      .selectFrom('bot_tickets')
      .selectAll()
      .where('resolved_at', 'is', null)
      .orderBy('number')
      .execute();
  return {
    engine,
    db,
    healed,
    pending,
    say: (now: Partial<typeof said>, values = {}) => (
      Object.assign(said, now),
      run(engine, 'cluster', { max_attempts: 1, ...values })
    ),
    titles: async () => (await pending()).map(({ title }) => title).toSorted(),
    /** Whether the gate of storms is closed for a finding that a run would heal now. */
    gate: async (component: string) => {
      const finding = await db
        .selectFrom('bot_findings')
        .selectAll()
        .where('affected_component', '=', component)
        .where('resolved_at', 'is', null)
        .executeTakeFirstOrThrow();
      const { candidates } = await explain(db, engine.catalogue, finding);
      return candidates[0]!.closed.some(({ gate }) => gate === 'storm');
    },
  };
}

const own = (names: string[]) => names.map((name) => `${name} is broken`);

describe('a finding that no check of its bot looks at any more is not part of a storm, and gets its own ticket', () => {
  test('components that vanished from what is examined', async () => {
    const at = await twoChecks();
    await at.say({ nodes: seen(gone.slice(0, 4), gone.slice(0, 4)) });
    await set(at.db, 'mode', 'safe');
    at.healed.length = 0;
    await at.say({ nodes: seen(nodes, nodes.slice(0, 3), 'critical') });
    expect(at.healed.toSorted()).toEqual(nodes.slice(0, 3));
    expect(await at.titles()).toEqual([...own(gone.slice(0, 4)), ...own(nodes.slice(0, 3))]);
  });

  test('what a check found that the bot has no more, and what was adopted', async () => {
    const at = await twoChecks();
    await at.say({ nodes: seen(nodes, []) });
    await sql`
      INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint)
      SELECT b.id, 'high', 'trouble', c || ' is broken', c, k, c, k || '-' || c
      FROM bots b, unnest(${gone}::text[]) c, unnest('{adopted,renamed}'::text[]) k`.execute(at.db);
    await at.say({ nodes: seen(nodes, nodes.slice(0, 1)), disks: 'errs' });
    expect(at.healed).toEqual([nodes[0]]);
    expect(await at.titles()).toEqual(
      [...own(gone), ...own(gone), `${nodes[0]} is broken`].toSorted(),
    );
  });

  test('even in the first run of the bot, in which one check erred', async () => {
    const at = await twoChecks();
    await sql`
      INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint)
      SELECT b.id, 'medium', 'trouble', c || ' is broken', c, 'adopted', c, 'adopted-' || gen_random_uuid()
      FROM bots b, unnest(${gone}::text[]) c`.execute(at.db);
    await at.say({ nodes: 'errs', disks: seen(['disk'], ['disk']) });
    expect(at.healed).toEqual(['disk']);
    expect(await at.titles()).toContain('disk is broken');
  });

  test('beside a storm: its ticket does not stand for it', async () => {
    const at = await twoChecks();
    await set(at.db, 'mode', 'off');
    await at.say({ nodes: seen(gone.slice(0, 2), gone.slice(0, 2), 'low') });
    expect(await at.titles()).toEqual([]);
    await sql`UPDATE bot_findings SET severity = 'critical'`.execute(at.db);
    await at.say({ nodes: seen(nodes, nodes.slice(0, 7)) });
    expect(await at.titles()).toEqual([
      'Storm: 7 of 12 components of cluster are broken',
      ...own(gone.slice(0, 2)),
    ]);
    const storm = (await at.pending()).find(({ title }) => title.startsWith('Storm'))!;
    expect(storm).toMatchObject({
      severity: 'high',
      metadata: { storm: { broken: 7, of: 12, components: nodes.slice(0, 7) } },
    });
  });

  test('and a person who ends the storm has not ended it', async () => {
    const at = await twoChecks();
    await set(at.db, 'mode', 'off');
    await at.say({ nodes: seen(gone.slice(0, 2), gone.slice(0, 2), 'low') });
    await at.say({ nodes: seen(nodes, nodes.slice(0, 7)) });
    const [storm] = (await at.pending()) as TicketRow[];
    await at.db
      .transaction()
      .execute((trx) => resolveTicket(trx, storm!, 'the switch was dead', 'ann'));
    await sql`UPDATE bot_findings SET severity = 'critical' WHERE severity = 'low'`.execute(at.db);
    await at.say({ nodes: 'errs', disks: 'errs' });
    expect(await at.titles()).toEqual(own(gone.slice(0, 2)));
  });

  test('a storm whose components all vanish is over, and each gets its ticket', async () => {
    const at = await twoChecks();
    await set(at.db, 'mode', 'off');
    await at.say({ nodes: seen(gone, gone) });
    expect(await at.titles()).toEqual(['Storm: 6 of 6 components of cluster are broken']);
    await at.say({ nodes: seen(nodes, []) });
    expect(await at.titles()).toEqual(own(gone));
    const [storm] = await at.db.selectFrom('bot_tickets').selectAll().orderBy('number').execute();
    expect(storm).toMatchObject({
      status: 'resolved',
      resolution_notes:
        'The storm is over: no component that the checks look at is broken any more. ' +
        'Not looked at any more, and open: 6 findings.',
    });
  });

  test('what is looked at again counts again, clean or not', async () => {
    const at = await twoChecks();
    await set(at.db, 'mode', 'off');
    await sql`UPDATE bots SET clear = 2`.execute(at.db);
    const since = async () =>
      (await at.db.selectFrom('bot_findings').select('unexamined_since').execute()).map(
        ({ unexamined_since }) => unexamined_since !== null,
      );
    await at.say({ nodes: seen(nodes, nodes.slice(0, 1)) });
    await at.say({ nodes: seen(gone, []) });
    expect(await since()).toEqual([true]);
    await at.say({ nodes: seen(nodes, []) });
    expect(await since()).toEqual([false]);
    await at.say({ nodes: seen(gone, []) });
    await at.say({ nodes: seen(nodes, nodes.slice(0, 1)) });
    expect(await since()).toEqual([false]);
  });
});

describe('a run that sees only a part of what its bot looks at', () => {
  const storm = 'Storm: 7 of 12 components of cluster are broken';

  test('neither ends a storm nor hides it from the gate', async () => {
    const at = await twoChecks();
    await at.say({ nodes: seen(nodes, nodes.slice(0, 7)), disks: seen(['disk'], []) });
    expect(await at.titles()).toEqual([storm]);
    for (const said of ['errs', 'skips'] as const) {
      await at.say({ nodes: said, disks: seen(['disk', 'disk-2'], ['disk']) });
      expect(at.healed).toEqual([]);
      // The disk is one of the bot's components, and broken with the others.
      expect(await at.titles()).toEqual([storm.replace('7', '8')]);
      expect(await at.gate(nodes[0]!)).toBe(true);
    }
    await at.say({ nodes: 'errs', disks: 'errs' });
    expect(await at.titles()).toEqual([storm.replace('7', '8')]);
  });

  test('does not invent a storm: the checks that erred looked at more before', async () => {
    const at = await twoChecks();
    await set(at.db, 'mode', 'off');
    await at.say({ nodes: seen(nodes, nodes.slice(0, 5)), disks: seen(['disk'], []) });
    await set(at.db, 'mode', 'safe');
    await at.say({ nodes: 'errs', disks: seen(['disk', 'disk-2'], ['disk-2']) });
    expect(at.healed).toEqual(['disk-2']);
    expect((await at.titles()).filter((title) => title.startsWith('Storm'))).toEqual([]);
  });

  test('because it only judges a cure neither ends a storm, nor begins one', async () => {
    const at = await twoChecks();
    await set(at.db, 'mode', 'off');
    await at.say({ nodes: seen(nodes, nodes.slice(0, 7)) });
    await sql`UPDATE bot_findings SET resolved_at = engine.now(), resolution_method = 'auto-fixed'
              WHERE affected_component = ANY (${nodes.slice(1, 7)}::text[])`.execute(at.db);
    await run(at.engine, 'cluster', { trigger: 'verify' });
    expect(await at.titles()).toEqual(['Storm: 1 of 12 components of cluster are broken']);
    await at.say({});
    expect(await at.titles()).toEqual([storm]);
    await at.say({ nodes: seen(nodes, []) });
    expect(await at.pending()).toEqual([]);
    await sql`UPDATE bot_findings SET resolved_at = NULL, resolution_method = NULL
              WHERE id IN (SELECT DISTINCT ON (fingerprint) id FROM bot_findings)`.execute(at.db);
    await run(at.engine, 'cluster', { trigger: 'verify' });
    expect((await at.titles()).filter((title) => title.startsWith('Storm'))).toEqual([]);
  });

  test('because it was lost leaves a storm as it is, and does not make one of five of twelve components', async () => {
    const at = await twoChecks();
    await set(at.db, 'mode', 'off');
    const lose = async () => {
      const id = await queuedRun(at.db, 'cluster', { max_attempts: 1 });
      await at.engine.writer.start({ id, generation: 1 });
      await sql`UPDATE bot_executions SET lease_until = engine.now() - interval '1 second' WHERE id = ${id}::uuid`.execute(
        at.db,
      );
      const rescue = rescuer(at.db, at.engine.queue, escalateLost, at.engine.emit);
      expect(await rescue()).toMatchObject({ ended: 1 });
    };
    await at.say({ nodes: seen(nodes, nodes.slice(0, 5), 'low') });
    await lose();
    expect(await at.titles()).toEqual([]);
    await at.say({ nodes: seen(nodes, nodes.slice(0, 7), 'low') });
    await lose();
    expect(await at.titles()).toEqual([storm]);
  });

  test('because it looks at nothing at all leaves a storm as it is for a day, and not for ever', async () => {
    const at = await twoChecks();
    await set(at.db, 'mode', 'off');
    await at.say({ nodes: seen(nodes, nodes.slice(0, 7)) });
    await at.say({ nodes: seen([], []) });
    expect(await at.titles()).toEqual([storm]);
    await sql`UPDATE bot_findings SET last_seen_at = engine.now() - interval '25 hours'`.execute(
      at.db,
    );
    await at.say({ nodes: seen([], []) });
    expect(await at.titles()).toEqual(own(nodes.slice(0, 7)));
  });

  test('because its list was cut short says nothing about the rest', async () => {
    const at = await twoChecks();
    await set(at.db, 'mode', 'off');
    await at.say({ nodes: seen(nodes, nodes.slice(0, 7)) });
    await at.say({ nodes: { ...seen(nodes, nodes.slice(0, 1)), truncated: true } });
    expect(await at.titles()).toEqual([storm]);
  });

  test('does not hide what one empty check among others no longer sees', async () => {
    const at = await twoChecks();
    await at.say({ nodes: seen(gone, gone), disks: seen(nodes, []) });
    at.healed.length = 0;
    await at.say({ nodes: seen([], []), disks: seen(nodes, nodes.slice(0, 1)) });
    expect(at.healed).toEqual([nodes[0]]);
    expect((await at.titles()).filter((title) => title.startsWith('Storm'))).toEqual([]);
  });
});
