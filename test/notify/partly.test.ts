/** Messages of which a part arrives: some recipients of a mail, a message of Slack without its thread. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { scene } from './scene.ts';
import { channel, slackServer, token, type Fault } from './slack-server.ts';
import { answerOf, smtpServer } from './smtp-server.ts';
import { happen, hurry, messages, openTickets, resolve, setNotifications } from './tickets.ts';

const [ann, bob] = ['ann@example.com', 'bob@example.com'];

/** A ticket of which ann is told by mail, and bob is not yet. */
async function halfTold(severity = 'critical', answer = answerOf(450, 'greylisted')) {
  const own = await scene();
  const rcpt: Record<string, Error> = { [bob!]: answer };
  const { port, taken } = await smtpServer({}, { rcpt });
  const duty = { kind: 'email', host: '127.0.0.1', port, security: 'none', to: [ann, bob] };
  await setNotifications(own.db, {
    channels: { duty: { ...duty, from: 'roundsman@example.com' } },
    routes: [{ to: ['duty'] }],
    hosts: [`127.0.0.1:${port}`],
  });
  const [ticket] = await openTickets(own.db, 1, { severity });
  await own.route();
  await hurry(own.db);
  await own.deliver();
  const again = async () => {
    await own.route();
    await hurry(own.db);
    await own.deliver();
  };
  return { ...own, ticket: ticket!.id, rcpt, taken, again, to: () => taken.map((mail) => mail.to) };
}

test('a recipient that is refused for now gets it with the next try, and the others get it once', async () => {
  const { db, rcpt, to, again } = await halfTold();
  expect(await messages(db)).toMatchObject([
    { status: 'pending', attempts: 1, error_message: expect.stringContaining(bob!) },
  ]);
  await again();
  delete rcpt[bob!];
  await again();
  expect(to()).toEqual([[ann], [bob]]);
  expect(await messages(db)).toMatchObject([{ status: 'sent', attempts: 3, repeats: 0 }]);
});

test('when no try is left it was sent, and says whom it has not reached', async () => {
  const { db, to, again } = await halfTold();
  for (let tries = 0; tries < 6; tries += 1) await again();
  expect(to()).toEqual([[ann]]);
  expect(await messages(db)).toMatchObject([
    { status: 'sent', attempts: 7, note: expect.stringMatching(/not all of it.*bob@example\.com/) },
  ]);
});

test('so it is when those that are left are refused for good', async () => {
  const { db, rcpt, again } = await halfTold();
  rcpt[bob!] = answerOf(550, 'no such mailbox');
  await again();
  expect(await messages(db)).toMatchObject([
    { status: 'sent', attempts: 2, note: expect.stringContaining('no such mailbox') },
  ]);
});

test('a comment does not wait for one whose mailbox is full, and the end of it is told to all', async () => {
  const { db, ticket, to, taken, again } = await halfTold('critical', answerOf(452, 'over quota'));
  await happen(db, ticket, 'commented', 'ann', { text: 'it is the disk' });
  await again();
  expect(to()).toEqual([[ann], [ann]]);
  expect(taken[1]!.raw).toContain('it is the disk');
  await resolve(db, ticket);
  await again();
  expect(to()).toEqual([[ann], [ann], [ann]]);
  expect(taken[2]!.raw).toContain('resolved');
});

test('who was told in part that a problem began is told that it ended', async () => {
  const { db, ticket, taken, again } = await halfTold('low');
  await resolve(db, ticket);
  await again();
  expect(taken).toHaveLength(2);
  expect(taken[1]!.raw).toContain('resolved');
});

test('what some have is no part of a message about many', async () => {
  const { db, to, rcpt, again } = await halfTold();
  await openTickets(db, 5, { severity: 'high' });
  delete rcpt[bob!];
  await again();
  expect(to()).toContainEqual([bob]);
  expect((await messages(db)).map(({ kind, status }) => `${kind} ${status}`).toSorted()).toEqual(
    [
      'group sent',
      ...Array.from({ length: 5 }, () => 'ticket superseded'),
      'ticket sent',
    ].toSorted(),
  );
});

test('a channel that is switched on again sends what is left of it', async () => {
  const { db, rcpt, to, deliver } = await halfTold();
  const { retry } = await import('../../src/services/notify/retry.ts');
  delete rcpt[bob!];
  await retry({ db, actor: { name: 'ann', role: 'operator' } }, { given: 'duty' });
  await deliver();
  expect(to()).toEqual([[ann], [bob]]);
});

/** A ticket whose message stands in Slack, while its thread has failed. */
async function halfPosted(fault: Fault) {
  const own = await scene({ secrets: { SLACK: token } });
  const server = await slackServer();
  await setNotifications(own.db, {
    channels: { ops: { kind: 'slack', token: '{{secret:SLACK}}', channel, api_url: server.api } },
    routes: [{ to: ['ops'] }],
    hosts: [server.host],
  });
  const [ticket] = await openTickets(own.db, 1, { severity: 'critical' });
  await happen(own.db, ticket!.id, 'acknowledged');
  await own.route();
  server.fail(/postMessage/, fault, 1);
  await own.deliver();
  expect(server.parents()).toHaveLength(1);
  expect(server.replies()).toEqual([]);
  const again = async () => {
    await sql`UPDATE engine.channels SET wait_until = NULL`.execute(own.db);
    await own.route();
    await hurry(own.db);
    await own.deliver();
  };
  return { ...own, server, ticket: ticket!.id, again };
}

const threadFaults: [string, Fault][] = [
  ['asks to wait', { status: 429, headers: { 'retry-after': '1' } }],
  ['answers too late', { take: false, end: 'drip' }],
];

test.each(threadFaults)(
  'a message of Slack whose thread %s is the only one, and its thread gets what happened',
  async (_, fault) => {
    const { db, server, again } = await halfPosted(fault);
    expect(await messages(db)).toMatchObject([{ status: 'pending', attempts: 1 }]);
    await again();
    expect(server.parents()).toMatchObject([{ edits: 1 }]);
    expect(server.replies()).toMatchObject([{ text: expect.stringContaining('acknowledged') }]);
    expect(await messages(db)).toMatchObject([
      { status: 'sent', reference: server.parents()[0]!.ts },
    ]);
  },
  60_000,
);

test('what comes next edits it, too', async () => {
  const { db, server, ticket, again } = await halfPosted({ status: 429 });
  await resolve(db, ticket);
  await again();
  expect(server.parents()).toMatchObject([{ edits: 1 }]);
  expect(server.replies()).toMatchObject([
    { text: expect.stringMatching(/acknowledged.*resolved/s) },
  ]);
});

test('who got a message about many is told that one of them ended, also where others wait for that message', async () => {
  const own = await scene();
  const rcpt: Record<string, Error> = { [bob!]: answerOf(450, 'greylisted') };
  const { port, taken } = await smtpServer({}, { rcpt });
  const duty = { kind: 'email', host: '127.0.0.1', port, security: 'none', to: [ann, bob] };
  await setNotifications(own.db, {
    channels: { duty: { ...duty, from: 'roundsman@example.com' } },
    routes: [{ to: ['duty'] }],
    hosts: [`127.0.0.1:${port}`],
  });
  const [low] = await openTickets(own.db, 5, { severity: 'low' });
  await own.route();
  await hurry(own.db);
  await own.deliver();
  expect(taken.map(({ to }) => to)).toEqual([[ann]]);
  await resolve(own.db, low!.id);
  await own.route();
  // What is left of the message about many waits: only its end is due.
  await sql`UPDATE bot_notifications SET send_after = engine.now() WHERE status = 'pending' AND kind = 'ticket'`.execute(
    own.db,
  );
  await own.deliver();
  expect(taken).toHaveLength(2);
  expect(taken[1]!.raw).toContain('resolved');
});
