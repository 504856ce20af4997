/** People are told of findings behind a cause: no critical problem vanishes behind a cause without a ticket. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { ReportedSeverity } from '../../src/bot.ts';
import { aRemedy, broken, entry, playbook, problem } from '../support/builders.ts';
import { tellers, type Tellers } from './teller.ts';

const three = () => tellers({ one: {}, two: {}, three: {} });

/** A result without findings. */
const forget = ({ db }: Tellers) =>
  sql`TRUNCATE bot_findings, bot_tickets, bot_finding_states CASCADE`.execute(db);

describe('nothing is hidden behind a cause of which people are not told', () => {
  const finding = (component: string, severity: ReportedSeverity, ...dependsOn: string[]) => ({
    examined: [component],
    findings: [problem(component, { severity, dependsOn })],
  });
  /** The pending tickets with their severities. */
  const told = async (bots: Tellers) =>
    Object.fromEntries(
      (await bots.tickets())
        .filter(({ resolved_at }) => resolved_at === null)
        .map(({ title, severity }) => [title.split(' ')[0], severity]),
    );
  const silence = ({ db }: Tellers, component: string) =>
    db
      .insertInto('bot_silences')
      .values({ owner: 'ann', reason: 'known', until_resolved: true, component })
      .execute();

  test.each<[ReportedSeverity, ReportedSeverity, Record<string, string>]>([
    ['low', 'critical', { d2: 'critical' }],
    ['low', 'high', { d2: 'high' }],
    ['info', 'medium', { d2: 'medium' }],
    ['medium', 'critical', { d1: 'medium', d2: 'critical' }],
    ['high', 'critical', { d1: 'high', d2: 'critical' }],
    ['critical', 'critical', { d1: 'critical' }],
    ['critical', 'high', { d1: 'critical' }],
    ['high', 'medium', { d1: 'high' }],
    ['low', 'low', {}],
  ])('a %s cause and a %s finding behind it: %j', async (cause, severity, tickets) => {
    const bots = await three();
    const one = {
      examined: ['d1', 'd2'],
      findings: [
        problem('d1', { severity: cause }),
        problem('d2', { severity, dependsOn: ['d1'] }),
      ],
    };
    await bots.say('one', one);
    expect(await told(bots), 'in one run').toEqual(tickets);
    await bots.say('one', one);
    expect(await told(bots), 'and in the next').toEqual(tickets);
    await forget(bots);
    await bots.say('one', finding('d1', cause));
    await bots.say('two', finding('d2', severity, 'd1'));
    expect(await told(bots), 'of two bots').toEqual(tickets);
  });

  test.each<[ReportedSeverity[], Record<string, string>]>([
    [['low', 'medium', 'critical'], { d2: 'medium', d3: 'critical' }],
    [['low', 'critical', 'critical'], { d2: 'critical' }],
    [['critical', 'low', 'high'], { d1: 'critical' }],
    [['high', 'low', 'critical'], { d1: 'high', d3: 'critical' }],
    [['low', 'low', 'high'], { d3: 'high' }],
  ])('a chain of %j, each behind the one before: %j', async ([first, second, third], tickets) => {
    const bots = await three();
    for (const apart of [false, true]) {
      await forget(bots);
      const said = [
        finding('d1', first!),
        finding('d2', second!, 'd1'),
        finding('d3', third!, 'd2'),
      ];
      const names = said.map(({ examined }) => examined[0]!);
      const all = { examined: names, findings: said.flatMap(({ findings }) => findings) };
      if (apart)
        for (const [at, bot] of ['one', 'two', 'three'].entries()) await bots.say(bot, said[at]!);
      else await bots.say('one', all);
      expect(await told(bots), apart ? 'of three bots' : 'in one run').toEqual(tickets);
    }
  });

  test('a silenced cause hides nothing, and says so no longer when its silence ends', async () => {
    const bots = await three();
    await silence(bots, 'd1');
    await bots.say('one', finding('d1', 'high'));
    await bots.say('two', finding('d2', 'critical', 'd1'));
    await bots.say('three', finding('d3', 'high', 'd1'));
    expect(await told(bots)).toEqual({ d2: 'critical', d3: 'high' });
  });

  test('a cause that is silenced when it has a ticket already hides nothing more', async () => {
    const bots = await three();
    await bots.say('one', finding('d1', 'high'));
    await bots.say('two', finding('d2', 'high', 'd1'));
    expect(await told(bots)).toEqual({ d1: 'high' });
    await silence(bots, 'd1');
    await bots.say('two', finding('d2', 'high', 'd1'));
    expect(await told(bots)).toEqual({ d1: 'high', d2: 'high' });
  });

  test('a silenced one in between hides nothing behind a cause of which people are told', async () => {
    const bots = await three();
    await silence(bots, 'd2');
    await bots.say('one', finding('d1', 'high'));
    await bots.say('two', finding('d2', 'high', 'd1'));
    await bots.say('three', finding('d3', 'high', 'd2'));
    expect(await told(bots)).toEqual({ d1: 'high' });
  });

  test('of several causes, the one of which people are told counts', async () => {
    const bots = await three();
    await bots.say('one', finding('d1', 'low'));
    await bots.say('two', finding('d2', 'high'));
    await bots.say('three', finding('d3', 'high', 'd1', 'd2'));
    expect(await told(bots)).toEqual({ d2: 'high' });
    const { rows } = await sql`
      SELECT p.affected_component AS cause FROM bot_findings f JOIN bot_findings p ON p.id = f.suppressed_by`.execute(
      bots.db,
    );
    expect(rows).toEqual([{ cause: 'd2' }]);
  });

  test('a cause that a person has ended hides nothing that is seen again', async () => {
    const bots = await three();
    await bots.say('one', finding('d1', 'high'));
    await bots.say('two', finding('d2', 'high', 'd1'));
    await sql`UPDATE bot_tickets SET status = 'resolved', resolved_at = engine.now(), resolved_by = 'ann', resolution_notes = 'x'`.execute(
      bots.db,
    );
    await bots.say('two', finding('d2', 'high', 'd1'));
    expect(await told(bots)).toEqual({ d2: 'high' });
  });

  test('a cause in a storm is told by the ticket of the storm', async () => {
    const bots = await three();
    const nodes = Array.from({ length: 6 }, (_, index) => `node-${index}`);
    await bots.say('one', broken(...nodes));
    await bots.say('two', finding('d2', 'high', 'node-0'));
    expect(Object.keys(await told(bots))).toEqual(['Storm:']);
    await bots.say('two', finding('d2', 'critical', 'node-0'));
    expect(Object.values(await told(bots)).toSorted()).toEqual(['critical', 'high']);
  });

  test('a storm is as severe as a finding in it that depends on a less severe cause', async () => {
    const bots = await three();
    await bots.say('one', finding('d1', 'low'));
    const nodes = Array.from({ length: 6 }, (_, index) => `node-${index}`);
    await bots.say('two', {
      examined: nodes,
      findings: nodes.map((name, index) =>
        problem(name, { severity: index === 0 ? 'critical' : 'low', dependsOn: ['d1'] }),
      ),
    });
    expect(await told(bots)).toEqual({ 'Storm:': 'critical' });
  });

  test('a cause whose cure is not judged yet hides findings that are not more severe; it gets a ticket if the cure did not help', async () => {
    const bots = await three();
    await bots.say('one', finding('d1', 'low'));
    await sql`UPDATE bot_findings SET severity = 'high'`.execute(bots.db);
    await sql`
      INSERT INTO bot_actions (bot_id, finding_id, fingerprint, action_type, action_description, success, heal_id, state, risk, remedy,
                               idempotency_key, taken_at, applied_at, component)
      SELECT bot_id, id, fingerprint, 'x', 'x', false, gen_random_uuid(), 'applied', 'safe', 'x', gen_random_uuid(), engine.now(), engine.now(),
             affected_component FROM bot_findings`.execute(bots.db);
    await bots.say('two', finding('d2', 'high', 'd1'));
    await bots.say('three', finding('d3', 'critical', 'd1'));
    expect(await told(bots)).toEqual({ d3: 'critical' });
    await sql`UPDATE bot_actions SET applied_at = engine.now() - interval '31 minutes'`.execute(
      bots.db,
    );
    await bots.say('two', finding('d2', 'high', 'd1'));
    expect(await told(bots)).toEqual({ d2: 'high', d3: 'critical' });
  });

  test('a finding behind a cause that has a ticket of its own is still not healed', async () => {
    const healed: string[] = [];
    const restart = aRemedy('d2.restart', async ({ target }) => void healed.push(target.component));
    const bots = await tellers({
      one: {},
      two: {
        knowledge: [entry('restart', playbook('d2.restart'), { pattern: 'd2 is broken' })],
        remedies: [restart],
      },
    });
    await bots.say('one', finding('d1', 'low'));
    await bots.say('two', finding('d2', 'critical', 'd1'));
    expect(healed).toEqual([]);
    expect(await told(bots)).toEqual({ d2: 'critical' });
    expect(await bots.decisions()).toMatchObject([{ verdict: 'blocked', gate: 'silenced' }]);
  });
});
