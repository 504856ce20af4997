/** Very many tickets at once, where each would be an issue at GitHub. */
import { expect, test } from 'vitest';
import { trackerScene } from './github-scene.ts';
import { hurry, openTickets, resolve } from './tickets.ts';

test('two hundred tickets at once are three issues at most, and their ends close what they opened', async () => {
  const { db, route, deliver, issues } = await trackerScene();
  const tickets = await openTickets(db, 200, { severity: 'critical' });
  await route();
  await deliver();
  await hurry(db);
  await deliver();
  const made = issues().length;
  expect(made).toBeLessThanOrEqual(3);
  const group = issues().find(({ title }) => title.includes('at once'));
  expect(group!.body).toContain('npx roundsman tickets list');
  const told = await db
    .selectFrom('bot_notifications')
    .select(({ fn }) => ['status', fn.countAll<number>().as('count')])
    .groupBy('status')
    .execute();
  expect(Object.fromEntries(told.map(({ status, count }) => [status, Number(count)]))).toEqual({
    sent: made,
    superseded: 200 - (made - 1),
  });
  await resolve(db, ...tickets.map(({ id }) => id));
  await route();
  await deliver();
  await hurry(db);
  await deliver();
  // One issue says that none is pending; those of single tickets are closed. The group of the beginning is closed by a person.
  expect(issues().length).toBeLessThanOrEqual(made + 1);
  expect(issues().filter(({ state }) => state === 'open')).toEqual([group]);
});
