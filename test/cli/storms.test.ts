/** What people are told of a storm, and of findings without a ticket, in every list. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { printRound } from '../../src/cli/round/summary.ts';
import { whyNotHealed } from '../../src/services/round/not-healed.ts';
import { readRound } from '../../src/services/round/read.ts';
import { tellers } from '../run/teller.ts';
import { aRemedy, entry, playbook, problem } from '../support/builders.ts';
import { roundsman } from './command.ts';

const names = ['/a', '/b', '/c', '/d', '/e', '/f', '/g', '/h'];

/** A bot of which so many of eight endpoints are broken in each run. */
async function endpoints(bot: Parameters<typeof tellers>[0][string] = {}) {
  const bots = await tellers({ endpoints: bot });
  const { url } = bots.engine;
  const ask = (...args: string[]) => roundsman(url, ...args);
  return {
    ...bots,
    ask,
    breaks: (broken: number, severity: 'high' | 'low' = 'high') =>
      bots.say('endpoints', {
        examined: names,
        findings: names.slice(0, broken).map((name) => problem(name, { severity })),
      }),
    async round() {
      const runs = await bots.db
        .selectFrom('bot_executions')
        .select(['id', 'bot_id'])
        .orderBy('started_at', 'desc')
        .limit(1)
        .execute();
      const printed: string[] = [];
      const { write } = process.stdout;
      process.stdout.write = (text) => printed.push(String(text)) > 0;
      const read = await readRound(bots.db, [runs[0]!.id]);
      const { db, catalogue } = bots.engine;
      const round = {
        ...read,
        held_back: await whyNotHealed({ db, catalogue }, read.findings, read.now),
      };
      try {
        printRound(round, [{ id: runs[0]!.bot_id!, name: 'endpoints' }]);
      } finally {
        process.stdout.write = write;
      }
      return { round, out: printed.join('') };
    },
  };
}

const title = 'Storm: 7 of 8 components of endpoints are broken';

test('a storm is told in every list of tickets: what it is, and what is in it', async () => {
  const { ask, breaks, round } = await endpoints();
  await breaks(1);
  await breaks(7);
  const [list, shown, document, other, status, figures] = await Promise.all([
    ask('tickets', 'list', '-o', 'table'),
    ask('tickets', 'show', 'T-2'),
    ask('tickets', 'show', 'T-2', '--json'),
    ask('tickets', 'show', 'T-1'),
    ask('status'),
    ask('status', '--json'),
  ]);
  expect(list.out).toContain(title);
  expect(shown.out).toContain(title);
  expect(shown.out).toMatch(/^Storm +7 of 8 components broken now$/m);
  expect(shown.out).toMatch(/^Stands for 7 open findings$/m);
  for (const name of names.slice(0, 7)) expect(shown.out).toContain(`${name} is broken`);
  expect(shown.out).not.toMatch(/ fits/);
  expect(document.json()).toMatchObject({
    title,
    metadata: { storm: { broken: 7, of: 8, components: names.slice(0, 7) } },
    storm_findings: expect.objectContaining({ length: 7 }),
  });
  expect(other.out).toMatch(/^Storm +T-2 stands for all/m);
  expect(status.out).toMatch(/^Storm +T-2 stands for 7 open findings of endpoints/m);
  expect(status.out).toContain(title);
  expect(status.out).not.toMatch(/^No ticket/m);
  expect(figures.json()).toMatchObject({
    storms: [{ ticket: 'T-2', title, bot: 'endpoints', findings: 7 }],
    findings_without_ticket: {},
  });
  const made = await round();
  expect(made.out).toContain(title);
  expect(made.out.match(/open, storm T-2/g)).toHaveLength(6);
  expect(made.out).toMatch(
    /^T-2 stands for 7 open problems, 1 of them with a ticket of its own: /m,
  );
  expect(made.round.tickets.map(({ number }) => number).toSorted()).toEqual(['1', '2']);
});

test('a round names the ticket of a storm first, unless another is worse', async () => {
  const { breaks, round, db } = await endpoints();
  await breaks(1);
  await breaks(7);
  const order = async () => {
    const { round: read, out } = await round();
    return [...read.tickets.map(({ number }) => number), /tickets show (T-\d+)$/m.exec(out)?.[1]];
  };
  expect(await order()).toEqual(['2', '1', 'T-2']);
  await sql`UPDATE bot_tickets SET severity = 'critical' WHERE number = 1`.execute(db);
  expect(await order()).toEqual(['1', '2', 'T-1']);
});

test('each finding says which ticket stands for it', async () => {
  const { ask, breaks } = await endpoints();
  await breaks(1);
  await breaks(7);
  const [list, document] = await Promise.all([
    ask('findings', 'list', '-o', 'table'),
    ask('findings', 'list', '--json'),
  ]);
  expect(list.out.match(/T-2, storm +open/g)).toHaveLength(6);
  expect(list.out.match(/T-1 +open/g)).toHaveLength(1);
  const rows = document.json();
  expect(rows.map(({ ticket }: any) => [ticket.number, ticket.stands_for]).toSorted()).toEqual([
    ['1', 'finding'],
    ...Array.from({ length: 6 }, () => ['2', 'storm']),
  ]);
  const { id } = rows.find(({ ticket }: any) => ticket.stands_for === 'storm');
  const [shown, explained] = await Promise.all([
    ask('findings', 'show', id),
    ask('findings', 'explain', id),
  ]);
  expect(shown.out).toMatch(/^Ticket +T-2 \(assigned\), which stands for it: Storm: 7 of 8/m);
  expect(explained.out).toMatch(/^Ticket +T-2$/m);
});

test('a storm that ends says how much was broken and what still is, and no list names it any more', async () => {
  const { ask, breaks } = await endpoints();
  await breaks(7);
  await breaks(5);
  expect((await ask('tickets', 'show', 'T-1')).out).toMatch(
    /^Storm +5 of 8 components broken now, 7 at most$/m,
  );
  await breaks(2);
  const [over, tickets, findings, status] = await Promise.all([
    ask('tickets', 'show', 'T-1'),
    ask('tickets', 'list', '-o', 'table'),
    ask('findings', 'list', '-o', 'table'),
    ask('status', '--json'),
  ]);
  expect(over.out).toMatch(/^Storm +2 of 8 components broken when it ended, 7 at most$/m);
  expect(over.out).toMatch(
    /^Notes +The storm is over: 2 components are broken still: \/a, \/b\.$/m,
  );
  for (const { out } of [tickets, findings]) expect(out).not.toMatch(/storm/i);
  expect(findings.out.match(/T-[23] +open/g)).toHaveLength(2);
  expect(status.json().storms).toEqual([]);
});

test.each([
  [2, '2 components are broken still: /a, /b.'],
  [0, 'no component is broken any more.'],
])('the round in which a storm ends says so, with %i left', async (left, words) => {
  const { breaks, round } = await endpoints();
  await breaks(7);
  expect((await round()).out).not.toContain('is over:');
  await breaks(left);
  expect((await round()).out).toContain(`T-1 is resolved. The storm is over: ${words}`);
  await breaks(left);
  expect((await round()).out).not.toContain('is over:');
});

test('a storm is not healed by an answer, and nothing is learnt from its title', async () => {
  const { ask, breaks, tickets } = await endpoints({
    knowledge: [entry('mend', playbook('it.mend'), { autonomy: 'suggest' })],
    remedies: [aRemedy('it.mend', async () => {})],
  });
  await breaks(6);
  expect(await ask('tickets', 'approve', 'T-1', '--yes')).toMatchObject({
    code: 1,
    err: expect.stringContaining('it stands for a storm, and no heal begins'),
  });
  expect((await ask('tickets', 'show', 'T-1')).out).not.toContain('tickets approve');
  expect(
    await ask('tickets', 'resolve', 'T-1', '--notes', 'done', '--learn', '--yes'),
  ).toMatchObject({
    code: 2,
    err: expect.stringContaining('nothing can be learnt from T-1'),
  });
  const { out } = await ask('tickets', 'resolve', 'T-1', '--notes', 'the switch was dead');
  expect(out).toContain('Each of its findings resolves when its check sees that it is gone.');
  await breaks(0);
  expect(await tickets()).toMatchObject([{ status: 'resolved' }]);
  const all = (await ask('findings', 'list', '--all', '--json')).json();
  expect(all.map((each: any) => each.resolution_method)).toEqual(Array(6).fill('manual'));
});

test('what is left when a storm ends by itself and goes away then was cleared, not resolved by a person', async () => {
  const { ask, breaks } = await endpoints();
  await breaks(6, 'low');
  await breaks(2, 'low');
  await breaks(0);
  const all = (await ask('findings', 'list', '--all', '--json')).json();
  expect(all.map((each: any) => each.resolution_method)).toEqual(Array(6).fill('cleared'));
});

test('findings of a low severity have no ticket, and are counted as such', async () => {
  const { ask, breaks, round, db } = await endpoints();
  await breaks(2, 'low');
  expect((await ask('status')).out).toMatch(/^No ticket +2 low$/m);
  expect((await ask('status', '--json')).json()).toMatchObject({
    findings_without_ticket: { low: 2 },
  });
  const made = await round();
  expect(made.out).toMatch(/^Without a ticket: 2 low\.$/m);
  expect(made.out).toMatch(/^Nothing that is known fits what is open\.$/m);
  const [{ id }] = (await ask('findings', 'list', '--json')).json();
  const { out } = await ask('findings', 'show', id);
  expect(out).toMatch(/^Ticket +none$/m);
  expect(out).toMatch(/^Why none +its severity is below medium/m);
  await sql`INSERT INTO bot_silences (owner, reason, until_resolved, component) VALUES ('ann', 'known', true, '/a')`.execute(
    db,
  );
  expect((await ask('status')).out).toMatch(/^No ticket +2 low, 1 of them silenced$/m);
});

test('that nothing known fits is not said beside a suggestion', async () => {
  const { ask, breaks, round } = await endpoints({
    knowledge: [entry('mend', playbook('it.mend'), { autonomy: 'suggest' })],
    remedies: [aRemedy('it.mend', async () => {})],
  });
  await breaks(1);
  const { out } = await round();
  expect(out).toMatch(/^Known, and not healed: 1 problem$/m);
  expect(out).not.toMatch(/no entry of knowledge/i);
  await ask('knowledge', 'edit', 'mend', '--pattern', 'something quite different');
  const [{ id }] = (await ask('findings', 'list', '--json')).json();
  const explained = (await ask('findings', 'explain', id)).out;
  expect(explained).toContain(
    'No entry matches any more; what was suggested before is listed below.',
  );
});

test('a storm counts the same everywhere, and what no look sees any more is told apart', async () => {
  const { ask, breaks, round, say, db } = await endpoints();
  const gone = ['/gone-1', '/gone-2', '/gone-3', '/gone-4'];
  await say('endpoints', { examined: gone, findings: gone.map((name) => problem(name)) });
  await breaks(7);
  const [list, tickets, status, figures, made] = [
    await ask('findings', 'list', '-o', 'table'),
    await ask('tickets', 'list', '--json'),
    await ask('status'),
    await ask('status', '--json'),
    await round(),
  ];
  const storm = tickets.json().find(({ title }: any) => title.startsWith('Storm'));
  const name = `T-${storm.number}`;
  expect(storm).toMatchObject({ title, metadata: { storm: { broken: 7, of: 8 } } });
  expect(list.out.match(new RegExp(`${name}, storm`, 'g'))).toHaveLength(7);
  expect(list.out.match(/\/gone-\d is broken.* T-[1-4] +open/g)).toHaveLength(4);
  expect(status.out).toMatch(new RegExp(`^Storm +${name} stands for 7 open findings`, 'm'));
  expect(figures.json()).toMatchObject({
    storms: [{ ticket: name, findings: 7 }],
    findings_without_ticket: {},
  });
  expect((await ask('tickets', 'show', name)).out).toMatch(/^Stands for 7 open findings$/m);
  expect(made.out).toMatch(new RegExp(`^${name} stands for 7 open problems: `, 'm'));
  expect(made.round.storms).toEqual([{ ticket_id: storm.id, findings: 7 }]);
  const { id } = await db
    .selectFrom('bot_findings')
    .select('id')
    .where('affected_component', '=', '/gone-1')
    .executeTakeFirstOrThrow();
  expect((await ask('findings', 'show', id)).out).toMatch(
    /^Looked at +not since 20.*: no check of its bot looks at it any more/m,
  );
  // A run that looks at a part does not change what the ticket stands for.
  await say('endpoints', { examined: [], findings: [] });
  expect((await round()).out).toMatch(new RegExp(`^${name} stands for 7 open problems`, 'm'));
});

test('a critical finding behind a lesser cause is told with its own ticket in every list', async () => {
  const { ask, round, say } = await endpoints();
  await say('endpoints', {
    examined: ['/a', '/b'],
    findings: [
      problem('/a', { severity: 'low' }),
      problem('/b', { severity: 'critical', dependsOn: ['/a'] }),
    ],
  });
  const made = await round();
  expect(made.out).toMatch(/^critical +\/b is broken +open, T-1, behind \/a: \/a is broken/m);
  expect(made.out).toMatch(/^For people: 1 ticket$/m);
  expect(made.out).toMatch(/^Without a ticket: 1 low\.$/m);
  const status = await ask('status');
  expect(status.out).toMatch(/^Findings +1 critical, 1 low$/m);
  expect(status.out).toMatch(/^No ticket +1 low$/m);
  expect((await ask('findings', 'list', '-o', 'table')).out).toMatch(
    /\/b is broken.* T-1 +behind \/a: /,
  );
  const shown = (await ask('findings', 'show', 'T-1')).out;
  expect(shown).toMatch(/^Behind +\/a: \/a is broken \([0-9a-f]+\), and not healed: /m);
  expect((await ask('tickets', 'show', 'T-1')).out).toMatch(/^Behind +\/a: \/a is broken/m);
});
