/** The client of GitHub beside servers and proxies that answer oddly: lists without an end, other clocks, other addresses. */
import { expect, test } from 'vitest';
import { openGitHub } from '../../src/github/client.ts';
import { faultOf, instead, readKeys, scene } from './client-scene.ts';
import { noteFor } from './gate-scene.ts';
import { reply, type Instead } from './server.ts';

const readAlerts = (client: Awaited<ReturnType<typeof openGitHub>>, maxPages: number) =>
  client.pages(
    (rest, { after }) =>
      rest.dependabot.listAlertsForOrg({
        org: 'acme',
        per_page: 100,
        ...(after !== undefined && { after }),
      }),
    maxPages,
    'cursor',
  );

test.each([
  ['names itself as the next one', '/orgs/acme/dependabot/alerts?per_page=100'],
  ['has no cursor for the next one', '/orgs/acme/dependabot/alerts?page=2'],
  ['names the same next one again and again', '/orgs/acme/dependabot/alerts?after=x'],
])('a page that %s ends the list, and nothing is counted twice', async (_, path) => {
  const { client, state, url } = await scene();
  const always: Instead = (_, answer) =>
    reply(state, answer, 200, [{ number: 1 }], { link: `<${url}${path}>; rel="next"` });
  state.instead.push(...Array.from({ length: 60 }, () => always));
  const { items, isWhole } = await readAlerts(client, 50);
  expect(isWhole).toBe(false);
  expect(items.length).toBeLessThanOrEqual(path.includes('after') ? 2 : 1);
});

test('a numbered list whose next page is the same one ends there', async () => {
  const { client, state, url } = await scene();
  const always: Instead = (_, answer) =>
    reply(state, answer, 200, [], { link: `<${url}/repos/acme/shop/issues?page=1>; rel="next"` });
  state.instead.push(...Array.from({ length: 60 }, () => always));
  const read = client.pages(
    (rest, { page }) => rest.issues.listForRepo({ owner: 'acme', repo: 'shop', page }),
    50,
  );
  expect(await read).toEqual({ items: [], isWhole: false });
  expect(state.requests).toHaveLength(1);
});

test('ten thousand pages are read as far as was asked for, and no further', async () => {
  const { client, state, url } = await scene();
  let at = 0;
  const always: Instead = (_, answer) => {
    at += 1;
    reply(state, answer, 200, [{ number: at }], {
      link: `<${url}/orgs/acme/dependabot/alerts?after=${at}>; rel="next", <${url}/x?after=10000>; rel="last"`,
    });
  };
  state.instead.push(...Array.from({ length: 10 }, () => always));
  expect(await readAlerts(client, 5)).toMatchObject({ isWhole: false, items: { length: 5 } });
  expect(state.requests).toHaveLength(5);
});

const resetAt = (state: { aheadMs: number }, seconds: number) => ({
  'x-ratelimit-remaining': '0',
  'x-ratelimit-reset': String(Math.floor((Date.now() + state.aheadMs) / 1_000) + seconds),
});

test.each([
  ['ahead', 7_200_000],
  ['behind', -7_200_000],
])('a limit that is renewed in a year is waited for an hour, with a clock %s', async (_, ms) => {
  const { client, state } = await scene({ maxWaitMs: 1_000 });
  state.aheadMs = ms;
  instead(state, [403, { message: 'API rate limit exceeded' }, resetAt(state, 365 * 86_400)]);
  const { waitMs } = await faultOf(readKeys(client));
  expect(waitMs).toBeGreaterThan(3_590_000);
  expect(waitMs).toBeLessThanOrEqual(3_600_000);
});

test.each([
  ['ahead', 7_200_000],
  ['behind', -7_200_000],
])('a limit that was renewed before is waited for a second, with a clock %s', async (_, ms) => {
  const { client, state } = await scene({ maxWaitMs: 3_000 });
  state.aheadMs = ms;
  instead(state, [403, { message: 'API rate limit exceeded' }, resetAt(state, -600)]);
  expect(await readKeys(client)).toEqual([]);
  expect(state.requests).toHaveLength(2);
});

test('without a hint, each further secondary limit of what is written doubles the wait', async () => {
  const { state } = await scene();
  const blocked = {
    message:
      'You have exceeded a secondary rate limit and have been temporarily blocked from content creation.',
  };
  const gate = noteFor(state.token);
  expect([1, 2, 3].map(() => gate.limited(403, blocked, true))).toEqual([60, 120, 240]);
  // Reading goes on meanwhile, and says nothing of what may be written.
  gate.fine(false);
  expect(gate.limited(403, blocked, true)).toBe(480);
  gate.fine(true);
  expect(gate.limited(403, blocked, true)).toBe(60);
  for (let more = 0; more < 20; more++) gate.limited(403, blocked, true);
  expect(gate.limited(403, blocked, true)).toBe(3_600);
});

test.each([
  [
    '422 that it was too quick',
    422,
    {
      message: 'Validation Failed',
      errors: [{ resource: 'Issue', code: 'custom', message: 'was submitted too quickly' }],
    },
  ],
  [
    '403 with the older words',
    403,
    {
      message:
        'You have triggered an abuse detection mechanism and have been temporarily blocked from content creation.',
    },
  ],
])('%s is a limit, and no refusal of what was written', async (_, status, body) => {
  const { client, state } = await scene({ maxWaitMs: 1_000 });
  instead(state, [status, body]);
  const create = client.ask((rest) =>
    rest.issues.create({ owner: 'acme', repo: 'shop', title: 'x' }),
  );
  expect(await faultOf(create)).toMatchObject({ fault: 'busy', status, mayBeDone: false });
});

test('422 that repeats a hostile title is no limit', async () => {
  const { client, state } = await scene({ maxWaitMs: 1_000 });
  instead(state, [
    422,
    {
      message: 'Validation Failed',
      errors: [
        {
          field: 'title',
          value: 'was submitted too quickly',
          message: 'title is invalid: was submitted too quickly',
        },
      ],
    },
  ]);
  const create = client.ask((rest) =>
    rest.issues.create({ owner: 'acme', repo: 'shop', title: 'was submitted too quickly' }),
  );
  expect(await faultOf(create)).toMatchObject({ fault: 'invalid', status: 422 });
});

test('an address without /api/v3 is said to be one, where the server answers like a page', async () => {
  const { client, state } = await scene();
  const page: Instead = (_, answer) => {
    answer.writeHead(404, { 'content-type': 'text/html' }).end('<html>Not here</html>');
  };
  state.instead.push(page, page);
  expect((await faultOf(readKeys(client))).message).toMatch(/\/api\/v3/);
  expect((await faultOf(client.query('{ rateLimit { cost } }'))).message).toMatch(/\/api\/v3/);
  const { client: other, state: its } = await scene({}, { path: '/api/v3' });
  its.instead.push(page);
  expect((await faultOf(readKeys(other))).message).not.toMatch(/\/api\/v3/);
});
