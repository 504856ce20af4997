import { expect, test } from 'vitest';
import { receiver, scene } from './scene.ts';
import {
  events,
  happen,
  hurry,
  messages,
  openTickets,
  resolve,
  setNotifications,
  toldOps,
} from './tickets.ts';

test('a critical ticket is told at once, signed, with its present state', async () => {
  const { db, route, deliver } = await scene();
  const { host, received } = await receiver();
  await setNotifications(db, toldOps(host));
  const [ticket] = await openTickets(db, 1, { severity: 'critical' });
  expect(await route()).toMatchObject({ status: 'success', figures: { events: 1, messages: 1 } });
  expect(await deliver()).toMatchObject({ status: 'success', figures: { sent: 1, unsent: 0 } });
  expect(received).toMatchObject([
    {
      type: 'ticket.changed',
      path: '/ops',
      data: {
        repeats: 0,
        ticket: { number: ticket!.number, title: 'disk is full 1', status: 'open' },
        events: [{ event: 'opened', sentence: 'roundsman opened it' }],
      },
    },
  ]);
  expect(await messages(db)).toMatchObject([
    {
      id: received[0]!.id,
      status: 'sent',
      attempts: 1,
      route: 'route 1',
      sent_at: expect.any(Date),
    },
  ]);
  expect(await events(db)).toMatchObject([{ routed_at: expect.any(Date), unsent_reason: null }]);
});

test('a thousand tickets are three messages at most, and so are their ends', async () => {
  const { db, route, deliver } = await scene();
  const { host, received } = await receiver();
  await setNotifications(db, toldOps(host));
  const tickets = await openTickets(db, 1_000, { severity: 'critical' });
  await route();
  await deliver();
  await hurry(db);
  await deliver();
  expect(received.length).toBeLessThanOrEqual(3);
  const groups = received.filter(({ type }) => type === 'tickets.changed');
  expect(groups).toHaveLength(1);
  expect(groups[0]!.data.count + received.length - 1).toBe(1_000);
  expect(groups[0]!.data.tickets).toHaveLength(10);
  received.length = 0;
  await resolve(db, ...tickets.map(({ id }) => id));
  await route();
  await hurry(db);
  await deliver();
  expect(received).toHaveLength(1);
  expect(received[0]!.data).toMatchObject({ count: 1_000, pending: { critical: 0 } });
});

test('a newer message takes the place of one that could not be sent, and of no comment', async () => {
  const { db, route, deliver } = await scene();
  let broken = true;
  const { host, received } = await receiver((_, response) => {
    response.statusCode = broken ? 500 : 204;
  });
  await setNotifications(db, toldOps(host));
  const [ticket] = await openTickets(db, 1, { severity: 'critical' });
  await route();
  await deliver();
  await happen(db, ticket!.id, 'commented', 'ann', { text: 'I look at it' });
  await route();
  await deliver();
  broken = false;
  received.length = 0;
  await resolve(db, ticket!.id);
  await route();
  await hurry(db);
  await deliver();
  expect(received.map(({ data }) => data.events.map((each: any) => each.event))).toEqual([
    ['commented'],
    ['opened', 'resolved'],
  ]);
  expect((await messages(db)).map(({ kind, status }) => [kind, status])).toEqual([
    ['ticket', 'superseded'],
    ['comment', 'sent'],
    ['ticket', 'sent'],
  ]);
});
