/** Which tickets `tickets list` shows, in which order, and how many it says there are. */
import { sql } from 'kysely';
import { userInfo } from 'node:os';
import { beforeAll, expect, test } from 'vitest';
import { listAndCountTickets, listTickets, ticketOrders } from '../../src/data/bots/ticket-list.ts';
import { listTickets as listAll } from '../../src/services/tickets/list.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { ago, insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();

beforeAll(async () => {
  const [api, disk] = [await insertBot(db, 'api'), await insertBot(db, 'disk')];
  const ticket = async (bot: string, title: string, values: object, finding: object = {}) =>
    insertTicket(db, bot, title, {
      finding_id: await insertFinding(db, bot, title, finding),
      ...values,
    });
  await ticket(api, 'slow', { created_at: ago(50), respond_by: ago(10) });
  await ticket(
    api,
    'Gone 100%_',
    { created_at: ago(3 * 24 * 60), severity: 'critical', respond_by: ago(-60) },
    { affected_component: '/v2', category: 'links' },
  );
  await ticket(disk, 'full', {
    created_at: ago(40),
    severity: 'low',
    status: 'assigned',
    assigned_to: userInfo().username,
    metadata: JSON.stringify({ component: 'sda' }),
  });
  await ticket(disk, 'snores', {
    created_at: ago(30),
    snoozed_until: ago(-60),
    respond_by: ago(20),
  });
  const storm = await ticket(disk, 'Storm', {
    created_at: ago(20),
    respond_by: ago(5),
    acknowledged_at: ago(1),
    metadata: JSON.stringify({ storm: { components: ['sda', 'sdb'] } }),
  });
  await sql`INSERT INTO bot_ticket_events (ticket_id, event, actor)
            SELECT id, 'reopened', 'ann' FROM bot_tickets WHERE number = ${storm.slice(2)}`.execute(
    db,
  );
  await ticket(api, 'over', {
    created_at: ago(10),
    status: 'resolved',
    resolved_at: ago(1),
    resolution_notes: 'done',
  });
});

const list = async (...args: string[]) => {
  const { code, err, json } = await roundsman(url, 'tickets', 'list', '--json', ...args);
  return { code, err, titles: json().map((row: { title: string }) => row.title) };
};

test.each<[string[], string[]]>([
  [[], ['Gone 100%_', 'slow', 'Storm', 'full']],
  [
    ['--bot', 'disk'],
    ['Storm', 'full'],
  ],
  [
    ['--component', 'sda'],
    ['Storm', 'full'],
  ],
  [['--component', '/v2'], ['Gone 100%_']],
  [['--category', 'links'], ['Gone 100%_']],
  [['--assigned-to', 'me'], ['full']],
  [['--overdue'], ['slow']],
  [['--reopened'], ['Storm']],
  [['--snoozed'], ['snores']],
  [
    ['--since', '2h'],
    ['slow', 'Storm', 'full'],
  ],
  [
    ['--since', '2020-01-01', '--bot', 'api'],
    ['Gone 100%_', 'slow'],
  ],
  [['--match', 'GONE'], ['Gone 100%_']],
  [['--match', '0%_'], ['Gone 100%_']],
  [['--match', '%'], ['Gone 100%_']],
  [['--match', "'; DROP"], []],
  [
    ['--severity', 'low,critical', '--sort', 'newest'],
    ['full', 'Gone 100%_'],
  ],
  [
    ['--sort', 'oldest'],
    ['Gone 100%_', 'slow', 'full', 'Storm'],
  ],
  [
    ['--sort', 'due'],
    ['slow', 'Gone 100%_', 'Storm', 'full'],
  ],
  [
    ['--all', '--sort', 'newest'],
    ['over', 'Storm', 'snores', 'full', 'slow', 'Gone 100%_'],
  ],
  [['--status', 'resolved'], ['over']],
])('%j lists %j', async (args, titles) => {
  expect(await list(...args)).toMatchObject({ code: 0, titles });
});

test('pages follow one another without a gap, in every order, and their total agrees', async () => {
  const { all } = (await listAndCountTickets(db, { limit: 1 }, { all: {} })).counts;
  expect(all).toBe(6);
  for (const order of ticketOrders) {
    const whole = (await listTickets(db, { order, limit: 100 })).map(({ id }) => id);
    expect(whole).toHaveLength(all);
    const paged: string[] = [];
    for (;;) {
      const [next] = await listTickets(db, { order, limit: 1, after: paged.at(-1) });
      if (!next) break;
      paged.push(next.id);
    }
    expect(paged, order).toEqual(whole);
  }
  const first = await list('--limit', '2');
  expect(first.err).toContain('only the first 2 of 4; --limit shows more, --after T-1 goes on');
  expect((await list('--after', 'T-1')).titles).toEqual(['Storm', 'full']);
});

test('what is not there is said', async () => {
  expect((await roundsman(url, 'tickets', 'list', '--bot', 'dsk')).code).toBe(3);
  expect((await roundsman(url, 'tickets', 'list', '--after', 'T-99')).code).toBe(3);
  expect((await roundsman(url, 'tickets', 'list', '--sort', 'nicest')).code).toBe(2);
  const near = await roundsman(url, 'tickets', 'list', '--category', 'link');
  expect(near).toMatchObject({ code: 0, err: expect.stringContaining('did you mean links') });
});

test('words of a text are found whatever their case, in ASCII and beyond', async () => {
  const bot = await insertBot(db, 'words');
  await insertTicket(db, bot, 'GRÜSSE aus Köln: STRASSE 7');
  for (const words of ['grüsse', 'KÖLN', 'strasse 7', 'Aus k', '100%_', 'gone 100'])
    expect((await list('--match', words)).titles, words).toHaveLength(1);
  for (const words of ['kölnn', '100%%', 'G.ne'])
    expect((await list('--match', words)).titles).toEqual([]);
});

test('a list asks the tickets twice: for its page, and once for all that it counts', async () => {
  let asked = 0;
  const counted = db.withPlugin({
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      asked += 1;
      return result;
    },
  });
  const found = await listAll(counted, { limit: 2, match: 'o' });
  expect(found).toMatchObject({ snoozed: 1, merged: 0 });
  expect(found.tickets).toHaveLength(Math.min(2, found.count));
  // The page, the counts, and the clock.
  expect(asked).toBe(3);
});
