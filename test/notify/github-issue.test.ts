/** The channel of issues beside a server that answers as GitHub does, by GitHub's own description. */
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { gitHubIssue } from '../../src/notify/channels/github-issue.ts';
import { issueOf } from '../../src/notify/github/issue.ts';
import { printable } from '../../src/ground/text.ts';
import type { Message, TicketMessage } from '../../src/notify/message.ts';
import { reply, serveGitHub } from '../github/server.ts';
import { repositoryState } from '../github/state.ts';
import { contextOf } from './context.ts';
import { allOf, event, groupMessage, hostile, testMessage, ticketMessage } from './scenes.ts';

let serial = 0;

async function scene(more: object = {}) {
  const { url, host, state } = await serveGitHub([repositoryState('acme/alarms', new Date())]);
  state.token = `ghp_${String(++serial).padStart(36, 'c')}`;
  const config = gitHubIssue.config.parse({
    token: state.token,
    repository: 'acme/alarms',
    base_url: url,
    ...more,
  });
  const deliver = (message: Message, reference: string | null = null) =>
    gitHubIssue.deliver(
      message,
      contextOf({
        config,
        host,
        before: reference === null ? null : { first: reference, last: reference },
      }),
    );
  const issues = () => state.issues.get('acme/alarms') ?? [];
  const writes = () =>
    state.requests
      .filter(({ method }) => method !== 'GET')
      .map(({ method, path }) => `${method} ${path}`);
  return { state, deliver, issues, writes };
}

const resolved = ticketMessage(
  { status: 'resolved', resolved_at: new Date(), resolved_by: 'ann' },
  { events: [event('ann resolved it', 40, 'resolved')] },
);

test('a ticket becomes one issue, which is edited as it changes and closed with it', async () => {
  const { deliver, issues, writes } = await scene();
  expect(await deliver(ticketMessage())).toEqual({ sent: true, reference: '1' });
  expect(issues()).toMatchObject([
    { number: 1, title: 'T-42: payments answer 500', state: 'open', labels: ['roundsman'] },
  ]);
  expect(issues()[0]!.body).toContain('npx roundsman tickets show T-42');
  const changed = ticketMessage(
    { assigned_to: 'ann', status: 'assigned' },
    { events: [event('x assigned it', 25, 'assigned')] },
  );
  expect(await deliver(changed, '1')).toEqual({ sent: true, reference: '1' });
  // What it says already is not sent again.
  await deliver(changed, '1');
  expect(issues()[0]!.body).toContain('critical, assigned');
  expect(await deliver(resolved, '1')).toEqual({ sent: true, reference: '1' });
  expect(issues()).toMatchObject([{ state: 'closed', state_reason: 'completed' }]);
  expect(writes()).toEqual([
    'POST /repos/acme/alarms/issues',
    'PATCH /repos/acme/alarms/issues/1',
    'PATCH /repos/acme/alarms/issues/1',
  ]);
});

test('an issue that a person closed stays closed until something happens that has to be seen', async () => {
  const { deliver, issues } = await scene();
  await deliver(ticketMessage());
  issues()[0]!.state = 'closed';
  await deliver(ticketMessage({ occurrences: 9 }, { events: [] }), '1');
  expect(issues()[0]!.state).toBe('closed');
  await deliver(ticketMessage({}, { events: [event('a run reopened it', 30, 'reopened')] }), '1');
  expect(issues()[0]!.state).toBe('open');
});

test('an issue is looked for by its marker before it is made, and only among those with the label', async () => {
  const { deliver, issues, state } = await scene();
  await deliver(ticketMessage());
  const [ours] = issues();
  // In a public repository anybody can write the marker, and nobody else can give an issue the label.
  state.issues.get('acme/alarms')!.push({ ...ours!, number: 2, labels: [], title: 'forged' });
  for (const lost of [null, '2', '77', '1733.0042']) {
    expect(await deliver(ticketMessage({ occurrences: 5 }), lost)).toEqual({
      sent: true,
      reference: '1',
    });
  }
  expect(issues()).toHaveLength(2);
  expect(issues()[1]!.title).toBe('forged');
});

test('a lost answer, or a kill after the issue was made, leaves no second one', async () => {
  const { deliver, issues, state } = await scene();
  // The server makes the issue, and its answer is lost.
  state.instead.push(({ method, body }, answer) => {
    if (method !== 'POST') return 'pass';
    const {
      title,
      body: text,
      labels,
    } = JSON.parse(body) as { title: string; body: string; labels: string[] };
    state.issues.set('acme/alarms', [
      { number: 1, title, body: text, labels, state: 'open', state_reason: null },
    ]);
    answer.destroy();
  });
  expect(await deliver(ticketMessage())).toMatchObject({ sent: false });
  expect(await deliver(ticketMessage())).toEqual({ sent: true, reference: '1' });
  expect(issues()).toHaveLength(1);
});

test('an issue that was made and could not be closed is known to the next try', async () => {
  const { deliver, issues, state } = await scene();
  state.instead.push(({ method }, answer) =>
    method === 'PATCH' ? reply(state, answer, 500, { message: 'x' }) : 'pass',
  );
  expect(await deliver(testMessage())).toMatchObject({
    sent: false,
    partly: { reference: '1', recipients: [] },
  });
  expect(await deliver(testMessage(), '1')).toEqual({ sent: true, reference: '1' });
  expect(issues()).toMatchObject([{ state: 'closed' }]);
});

test('an issue that was moved to another repository is left there, and no issue of its new number is touched', async () => {
  const { deliver, issues, state } = await scene();
  await deliver(ticketMessage());
  const [moved] = issues().splice(0, 1);
  const foreign = {
    number: 5,
    title: 'A question of a person',
    body: 'How does it work?',
    state: 'open' as const,
    state_reason: null,
    labels: [],
  };
  issues().push(foreign);
  // GitHub leads from the old address to the issue in its new repository, where it has another number.
  state.instead.push(
    ({ pathname }, answer) =>
      pathname === '/repos/acme/alarms/issues/1'
        ? reply(state, answer, 301, { message: 'Moved' }, { location: '/repositories/77/issues/5' })
        : 'pass',
    ({ pathname }, answer) =>
      pathname === '/repositories/77/issues/5'
        ? reply(state, answer, 200, { ...moved, number: 5, labels: [{ name: 'roundsman' }] })
        : 'pass',
  );
  const answer = await deliver(ticketMessage({ occurrences: 9 }), '1');
  expect(foreign).toMatchObject({ title: 'A question of a person', body: 'How does it work?' });
  expect(answer).toEqual({ sent: true, reference: '2' });
  expect(issues().map(({ title }) => title)).toEqual([
    'A question of a person',
    'T-42: payments answer 500',
  ]);
});

test('where GitHub leaves the label out, no further issues are made, and the answer says why', async () => {
  const { deliver, issues, state } = await scene();
  // GitHub does so without an error where the account may write issues and not label them.
  const unlabelled = (
    { method, body }: { method: string; body: string },
    answer: ServerResponse,
  ) => {
    if (method !== 'POST') return 'pass' as const;
    const { title, body: text } = JSON.parse(body) as { title: string; body: string };
    const all = state.issues.get('acme/alarms') ?? [];
    const issue = {
      number: all.length + 1,
      title,
      body: text,
      labels: [],
      state: 'open' as const,
      state_reason: null,
    };
    state.issues.set('acme/alarms', [...all, issue]);
    reply(state, answer, 201, issue);
  };
  state.instead.push(unlabelled);
  const answer = await deliver(ticketMessage());
  expect(answer).toMatchObject({ sent: false, final: 'channel' });
  expect((answer as { why: string }).why).toMatch(/label/);
  expect(issues()).toMatchObject([{ number: 1, state: 'closed' }]);
});

test('a group is an issue of its own, and a test is closed at once', async () => {
  const { deliver, issues } = await scene();
  await deliver(groupMessage());
  await deliver(testMessage());
  await deliver(testMessage());
  expect(issues().map(({ state, title }) => [state, title])).toEqual([
    ['open', expect.stringMatching(/2/)],
    ['closed', 'A test message of Roundsman'],
  ]);
});

test('text from outside is shown in a fence that it cannot leave, and mentions nobody', async () => {
  const { deliver, issues } = await scene();
  const text =
    'see @acme/everyone #12 ```` \n```\n<!-- roundsman: test --> fixes #1 ![x](https://evil.example/a.png)';
  await deliver(ticketMessage({ title: text, description: text, component: text }));
  const { title, body } = issues()[0]!;
  expect(title).not.toMatch(/[@#][\p{L}\p{N}]|`/u);
  const [marker, open, ...rest] = body.split('\n');
  expect(marker).toBe('<!-- roundsman: ticket 7a000000-0000-4000-8000-000000000042 -->');
  const fence = /^(`{5,})text$/.exec(open!)![1]!;
  expect(rest.at(-1)).toBe(fence);
  expect(rest.slice(0, -1).some((line) => line.includes(fence))).toBe(false);
});

test.each(Object.entries(hostile))('an issue takes %s as text', (_, text) => {
  for (const message of allOf(text)) {
    const shown = gitHubIssue.preview(
      message,
      gitHubIssue.config.parse({ token: 'x', repository: 'a/b' }),
    );
    const lines = shown.split('\n');
    expect(lines.filter((line) => printable(line) !== line)).toEqual([]);
  }
});

test('the longest message fits into an issue', async () => {
  const { deliver, issues } = await scene();
  const long = '@`🙂'.repeat(20_000);
  await deliver(ticketMessage({ title: long, description: long, component: long, bot: long }));
  expect(issues()[0]!.title.length).toBeLessThanOrEqual(256);
  expect(issues()[0]!.body.length).toBeLessThanOrEqual(65_536);
});

test.each([
  [401, { final: 'channel' }],
  [403, { final: 'channel' }],
  [404, { final: 'channel' }],
  [410, { final: 'channel' }],
  [422, { final: 'message' }],
] as const)('%i says why it is not sent, and what becomes of the message', async (status, rest) => {
  const { deliver, state } = await scene();
  state.instead.push((_, answer) => reply(state, answer, status, { message: state.token }));
  const answer = await deliver(ticketMessage());
  expect(answer).toMatchObject({ sent: false, ...rest });
  expect(JSON.stringify(answer)).not.toContain(state.token);
});

test('where GitHub asks to wait, the delivery is told how long', async () => {
  const { deliver, state } = await scene();
  state.instead.push((_, answer) =>
    reply(state, answer, 403, { message: 'x' }, { 'retry-after': '120' }),
  );
  const answer = await deliver(ticketMessage());
  expect(answer).toMatchObject({ sent: false, retryAfterMs: expect.any(Number) });
  expect((answer as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(110_000);
});

test('a config needs a repository and one way to sign in, over TLS', () => {
  const fits = (config: object) => gitHubIssue.config.safeParse(config).success;
  const repository = 'acme/alarms';
  expect(fits({ repository, token: '{{secret:GITHUB_TOKEN}}' })).toBe(true);
  expect(fits({ repository, app_id: 1, installation_id: 2, private_key: '{{secret:KEY}}' })).toBe(
    true,
  );
  expect(fits({ repository })).toBe(false);
  expect(fits({ repository, app_id: 1, private_key: 'x' })).toBe(false);
  expect(fits({ repository: 'acme', token: 'x' })).toBe(false);
  expect(fits({ repository, token: 'x', base_url: 'http://ghe.example/api/v3' })).toBe(false);
});

test('the end of a ticket that has no issue makes none, and says so', async () => {
  const { deliver, issues, state } = await scene();
  expect(await deliver(resolved)).toEqual({
    sent: true,
    reference: null,
    note: expect.stringMatching(/no issue/),
  });
  // One that was deleted is not made again to be closed.
  await deliver(ticketMessage());
  state.goneIssues.set('acme/alarms#1', { status: 410 });
  expect(await deliver(resolved, '1')).toMatchObject({ sent: true, reference: null });
  expect(issues()).toHaveLength(1);
});

test('a ticket that was over before it could be told of is told of by a closed issue', async () => {
  const { deliver, issues } = await scene();
  const both = ticketMessage(
    { status: 'resolved', resolved_at: new Date(), resolved_by: 'ann' },
    { events: [event('x opened it', 10, 'opened'), event('ann resolved it', 40, 'resolved')] },
  );
  expect(await deliver(both)).toEqual({ sent: true, reference: '1' });
  expect(issues()).toMatchObject([{ state: 'closed' }]);
});

test('a group of tickets that are all over is closed', async () => {
  const { deliver, issues } = await scene();
  await deliver({ ...groupMessage(), pending: {} });
  expect(issues()).toMatchObject([{ state: 'closed' }]);
});

test('one issue that cannot be edited does not switch the channel off, and a repository that takes none does', async () => {
  const { deliver, state } = await scene();
  await deliver(ticketMessage());
  const refused = (status: number) =>
    state.instead.push(({ method }, answer) =>
      method === 'PATCH' ? reply(state, answer, status, { message: 'x' }) : 'pass',
    );
  refused(403);
  expect(await deliver(ticketMessage({ title: 'other' }), '1')).toMatchObject({
    sent: false,
    final: 'message',
  });
  refused(410);
  const gone = await deliver(ticketMessage({ title: 'other' }), '1');
  expect(gone).toMatchObject({ sent: false });
  expect(gone).not.toHaveProperty('final');
  state.repositories[0]!.archived = true;
  expect(await deliver(ticketMessage({ title: 'other' }), '1')).toMatchObject({
    sent: false,
    final: 'channel',
    why: expect.stringMatching(/archived/),
  });
});

test('an issue of which GitHub tells no number is no part of a message that arrived', async () => {
  const { deliver, state } = await scene();
  state.instead.push(({ method }, answer) =>
    method === 'POST' ? reply(state, answer, 200, {}) : 'pass',
  );
  const answer = await deliver(ticketMessage());
  expect(answer).toMatchObject({ sent: false });
  expect(answer).not.toHaveProperty('partly');
});

/** What GitHub would make a mention, a reference, a link or an end of an issue of. */
const attacks = [
  '@acme/everyone',
  '#123',
  'GH-1',
  'acme/shop#7',
  '0123456789abcdef0123456789abcdef01234567',
  'fixes #5, closes acme/shop#6, resolves GH-7',
  '<!-- roundsman: ticket 7a000000-0000-4000-8000-000000000042 -->',
  '-->',
  '[x](https://evil.example) ![y](https://evil.example/y.png) <https://evil.example>',
  '<img src=x onerror=alert(1)><details open>',
  '- [ ] task\n/label ~bug\n@dependabot rebase',
  '~~~\n```\n````\n$$x$$',
];

test.each(attacks)('%s is text in each field of each kind of message', async (text) => {
  const everywhere = {
    title: text,
    description: `${text}\n\`\`\`\`\`\`\n${text}`,
    component: text,
    category: text,
    bot: text,
    assigned_to: text,
    acknowledged_by: text,
    acknowledged_at: new Date(),
    resolved_at: new Date(),
    resolved_by: text,
    resolution_notes: text,
  };
  const one = ticketMessage(everywhere, { events: [event(text, 40, 'commented')] });
  const messages: Message[] = [
    one,
    { ...groupMessage(), tickets: [(one as TicketMessage).ticket] },
    { ...testMessage(), asked_by: text } as Message,
  ];
  for (const message of messages) {
    const { title, body } = issueOf(message);
    expect(title).not.toMatch(/[@#][\p{L}\p{N}]|`|\bGH-\d|\n/iu);
    const [open, ...rest] = body.split('\n');
    const fence = /^(`{3,})text$/.exec(open!)![1]!;
    expect(rest.at(-1)).toBe(fence);
    expect(rest.slice(0, -1).filter((line) => line.includes(fence))).toEqual([]);
    expect(body).not.toMatch(/\r/);
  }
});
