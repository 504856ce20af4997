import { describe, expect, test } from 'vitest';
import { settle } from '../../src/maintain/settle.ts';
import { aRemedy, broken, clean, entry, playbook, problem } from '../support/builders.ts';
import { tellers, type Tellers } from './teller.ts';

const behind = { api: ['db'] };

/** The open findings, each with the component of its cause. */
async function parents({ db }: Tellers) {
  const rows = await db
    .selectFrom('bot_findings as f')
    .leftJoin('bot_findings as p', 'p.id', 'f.suppressed_by')
    .select(['f.affected_component as component', 'p.affected_component as parent'])
    .where('f.resolved_at', 'is', null)
    .orderBy('f.affected_component')
    .execute();
  return Object.fromEntries(rows.map(({ component, parent }) => [component, parent]));
}

const ticketed = async ({ tickets }: Tellers) =>
  (await tickets())
    .filter(({ resolved_at }) => resolved_at === null)
    .map(({ title }) => title.split(' ')[0])
    .toSorted();

/** What says that the api needs the database, and a result of the api's check. */
const ways: [string, () => Promise<Tellers>, ReturnType<typeof broken>][] = [
  ['its bot', () => tellers({ host: {}, app: { dependsOn: behind } }), broken('api')],
  [
    'its finding',
    () => tellers({ host: {}, app: {} }),
    { examined: ['api'], findings: [problem('api', { dependsOn: ['db'] })] },
  ],
  [
    "its bot's settings",
    async () => {
      const bots = await tellers({ host: {}, app: {} });
      await bots.db
        .updateTable('bots')
        .set({ config: JSON.stringify({ depends_on: behind }) })
        .where('name', '=', 'app')
        .execute();
      return bots;
    },
    broken('api'),
  ],
];

describe.each(ways)('a dependency that %s declares', (_, make, api) => {
  test('hides what stands behind an open finding of another bot: recorded, and no ticket', async () => {
    const bots = await make();
    await bots.say('host', broken('db'));
    for (let number = 0; number < 2; number++) await bots.say('app', api);
    expect(await parents(bots)).toEqual({ db: null, api: 'db' });
    expect(await ticketed(bots)).toEqual(['db']);
    expect((await bots.findings()).at(-1)).toMatchObject({ occurrences: 2 });
  });

  test('hides nothing once the parent is well: at the next run the finding gets a ticket', async () => {
    const bots = await make();
    await bots.say('host', broken('db'));
    await bots.say('app', api);
    await bots.say('host', clean('db'));
    expect(await ticketed(bots)).toEqual([]);
    await bots.say('app', api);
    expect(await parents(bots)).toEqual({ api: null });
    expect(await ticketed(bots)).toEqual(['api']);
  });

  test('hides nothing when the parent is well, or something else is broken', async () => {
    const bots = await make();
    await bots.say('host', broken('disk'));
    await bots.say('app', api);
    expect(await parents(bots)).toEqual({ disk: null, api: null });
    expect(await ticketed(bots)).toEqual(['api', 'disk']);
  });
});

test('a finding is not healed while it is hidden, and is healed when it no longer is', async () => {
  const healed: string[] = [];
  const restart = aRemedy('app.restart', async ({ target }) => void healed.push(target.component));
  const bots = await tellers({
    host: {},
    app: {
      dependsOn: behind,
      knowledge: [entry('restart', playbook('app.restart'), { pattern: 'api is broken' })],
      remedies: [restart],
    },
  });
  await bots.say('host', broken('db'));
  await bots.say('app', broken('api'));
  expect(healed).toEqual([]);
  expect(await bots.decisions()).toEqual([
    { component: 'api', verdict: 'blocked', gate: 'silenced' },
  ]);
  await bots.say('host', clean('db'));
  await bots.say('app', broken('api'));
  expect(healed).toEqual(['api']);
});

test('a finding of the same run hides too', async () => {
  const bots = await tellers({ app: { dependsOn: behind } });
  await bots.say('app', broken('api', 'db'));
  expect(await parents(bots)).toEqual({ api: 'db', db: null });
  expect(await ticketed(bots)).toEqual(['db']);
});

test('what is behind something that is hidden is hidden with it', async () => {
  const bots = await tellers({ app: { dependsOn: { page: ['api'], api: ['db'] } } });
  await bots.say('app', broken('page', 'api', 'db'));
  expect(await parents(bots)).toEqual({ page: 'api', api: 'db', db: null });
  expect(await ticketed(bots)).toEqual(['db']);
});

test('of two parents either hides', async () => {
  const bots = await tellers({ host: {}, app: { dependsOn: { api: ['db', 'cache'] } } });
  await bots.say('host', broken('cache'));
  await bots.say('app', broken('api'));
  expect(await parents(bots)).toEqual({ cache: null, api: 'cache' });
});

describe('in a circle no finding is hidden', () => {
  test('of two that are found at once', async () => {
    const bots = await tellers({ app: { dependsOn: { api: ['db'], db: ['api'] } } });
    await bots.say('app', broken('api', 'db'));
    expect(await ticketed(bots)).toEqual(['api', 'db']);
  });

  test('of three bots that find theirs one after the other', async () => {
    const bots = await tellers({
      one: { dependsOn: { a: ['b'] } },
      two: { dependsOn: { b: ['c'] } },
      three: { dependsOn: { c: ['a'] } },
    });
    for (let number = 0; number < 2; number++)
      for (const [bot, component] of Object.entries({ one: 'a', two: 'b', three: 'c' }))
        await bots.say(bot, broken(component));
    expect(await parents(bots)).toEqual({ a: 'b', b: 'c', c: 'a' });
    expect(await ticketed(bots)).toEqual(['a', 'b', 'c']);
  });

  test('nor behind itself', async () => {
    const bots = await tellers({ app: { dependsOn: { api: ['api'] } } });
    await bots.say('app', broken('api'));
    expect(await ticketed(bots)).toEqual(['api']);
  });
});

test('an earlier ticket says once when its problem begins to depend on another one, and once when it no longer does', async () => {
  const bots = await tellers({ host: {}, app: { dependsOn: behind } });
  const { db, engine } = bots;
  const settles = () => settle(db, engine.catalogue);
  const events = async () =>
    (
      await db
        .selectFrom('bot_ticket_events as e')
        .innerJoin('bot_tickets as t', 't.id', 'e.ticket_id')
        .select(['t.number', 'e.event', 'e.detail'])
        .where('e.event', 'in', ['suppressed', 'suppression_ended'])
        .orderBy('e.id')
        .execute()
    ).map(({ number, event, detail }) => [`T-${number}`, event, detail]);
  await bots.say('app', broken('api'));
  await settles();
  expect(await events()).toEqual([]);
  await bots.say('host', broken('db'));
  await bots.say('app', broken('api'));
  expect(await settles()).toMatchObject({ noted: 1 });
  await bots.say('app', broken('api'));
  expect(await settles()).toMatchObject({ noted: 0 });
  const began = ['T-1', 'suppressed', { behind: 'db is broken' }];
  expect(await events()).toEqual([began]);
  await bots.say('host', clean('db'));
  expect(await settles()).toMatchObject({ noted: 1 });
  expect(await settles()).toMatchObject({ noted: 0 });
  expect(await events()).toEqual([began, ['T-1', 'suppression_ended', {}]]);
  const [ticket] = await bots.tickets();
  expect(ticket).toMatchObject({ status: 'assigned' });
  expect(ticket!.metadata).not.toHaveProperty('suppressed_since');
});
