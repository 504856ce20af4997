/** When templates that differ in one word become one, which of them stays, and what an operator decides. */
import { expect, test } from 'vitest';
import { groupsOf, Store } from './store.ts';

const people = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'];

test('four words at one position are a name where two words of content stay', () => {
  const lines = people.map((who) => `session of ${who} expired`);
  expect(new Set(groupsOf(lines.slice(0, 3))).size).toBe(3);
  expect(new Set(groupsOf(lines.slice(0, 4))).size).toBe(1);
});

test('with one word of content it takes eight', () => {
  const lines = people.map((who) => `removing ${who}`);
  expect(new Set(groupsOf(lines.slice(0, 7))).size).toBe(7);
  expect(new Set(groupsOf(lines)).size).toBe(1);
});

test('with no word of content they never become one', () => {
  expect(new Set(groupsOf([...people, 'ivan', 'judy', 'ken', 'leo'])).size).toBe(12);
});

test('three are enough where the words before announce a name', () => {
  const lines = people.slice(0, 3).map((who) => `session opened for user ${who}`);
  expect(new Set(groupsOf(lines)).size).toBe(1);
});

test.each([
  ['announced', 'in step with LOCAL at level 10', 'in step with 10.0.0.7 at level 3'],
  [
    'announced by what follows',
    'login of web admin from 10.0.0.7 refused',
    'login of web 0 from 10.0.0.7 refused',
  ],
  [
    'in a long message',
    'acquire lock=7 flags=0x1 tag="View Lock" name=android uid=1',
    'acquire lock=9 flags=0x1 tag="x" name=com.example.ui uid=2',
  ],
])('a name where another message has a value is one, %s', (_, name, value) => {
  expect(groupsOf([name, value])).toEqual([0, 0]);
  expect(groupsOf([value, name])).toEqual([0, 0]);
});

test.each([
  ['nothing announces it', 'User profile not found', 'User 12 not found'],
  ['it ends a short message', 'Cannot connect to database', 'Cannot connect to 10.0.0.7'],
  ['it begins a message', 'Import of rows failed', '12 of rows failed'],
  ['it says what happened', 'order was sent to failed by bank', 'order was sent to 7 by bank'],
  ['it is no name', 'change from null to other state', 'change from 7 to other state'],
])('a word where another message has a value is another message: %s', (_, word, value) => {
  expect(groupsOf([word, value])).toEqual([0, 1]);
});

test('what an operator split off is not joined by a value in its place', () => {
  const store = new Store();
  const first = store.miner();
  const local = first.add('Error', 'in step with LOCAL at level 10');
  store.save(first);
  store.edit(local, { pinned: true });
  expect(store.miner().add('Error', 'in step with 10.0.0.7 at level 3')).not.toBe(local);
});

test('words for what happened are no names', () => {
  const lines = ['Started', 'Stopped', 'Paused', 'Resumed', 'Restarting'];
  expect(
    new Set(groupsOf(lines.map((word) => `instance 7 VM ${word} (Lifecycle Event)`))).size,
  ).toBe(5);
});

test('the oldest id stays, and what is covered later joins it', () => {
  const store = new Store();
  const miner = store.miner();
  const ids = people.map((who) => miner.add('Error', `session of ${who} expired`));
  expect(ids).toEqual(['1', '2', '3', '1', '1', '1', '1', '1']);
  store.save(miner);
  expect(store.text('1')).toBe('session of <*> expired');
  expect(['2', '3', '4'].map((id) => store.templates.get(id)!.mergedInto)).toEqual(['1', '1', '1']);
  expect(store.templates.size).toBe(4);
});

test('a second position opens once enough templates of the first differ there', () => {
  const lines = people
    .slice(0, 4)
    .flatMap((what) => people.slice(0, 4).map((who) => `session of ${who} was handed to ${what}`));
  const store = new Store();
  const miner = store.miner();
  for (const line of lines) miner.add('Error', line);
  store.save(miner);
  expect(store.text('1')).toBe('session of <*> was handed to <*>');
  expect(miner.canonical(miner.add('Error', 'session of ivan was handed to judy'))).toBe('1');
});

test('rows that changed before a save are told as they are after it', () => {
  const store = new Store();
  const miner = store.miner();
  for (const who of people.slice(0, 3)) miner.add('Error', `session of ${who} expired`);
  store.save(miner);
  miner.add('Error', 'session of dave expired');
  expect(miner.changes()).toMatchObject({
    opened: [{ id: '4', mergedInto: '1' }],
    changed: [{ id: '1', scope: 'Error', tokens: ['session', 'of', '<*>', 'expired'] }],
    merged: [
      { from: '2', into: '1' },
      { from: '3', into: '1' },
    ],
  });
  expect(miner.changes()).toEqual({ opened: [], merged: [], changed: [] });
});

test('what an operator merged stays one', () => {
  const store = new Store();
  const first = store.miner();
  const [database, cache] = ['database', 'cache'].map((what) =>
    first.add('Error', `${what} is gone`),
  );
  store.save(first);
  store.edit(cache!, { mergedInto: database!, pinned: true });
  expect(store.miner().add('Error', 'cache is gone')).toBe(database);
});

test('what an operator split off stays on its own, and the others go on becoming one', () => {
  const store = new Store();
  const first = store.miner();
  for (const who of people.slice(0, 4)) first.add('Error', `session of ${who} expired`);
  store.save(first);
  store.edit('3', { mergedInto: null, pinned: true });
  const second = store.miner();
  expect(second.add('Error', 'session of carol expired')).toBe('3');
  expect(second.add('Error', 'session of erin expired')).toBe('1');
  expect(second.add('Error', 'The session of carol expired')).not.toBe('3');
});

test('what an operator split off before a rule acts stays on its own when it does', () => {
  const store = new Store();
  const first = store.miner();
  const carol = first.add('Error', 'session of carol expired');
  store.save(first);
  store.edit(carol, { pinned: true });
  const second = store.miner();
  for (const who of ['alice', 'bob', 'dave', 'erin'])
    second.add('Error', `session of ${who} expired`);
  expect(second.canonical(second.add('Error', 'session of frank expired'))).toBe('2');
  expect(second.add('Error', 'session of carol expired')).toBe(carol);
});

test('a cycle of aliases, which only an edit by hand makes, ends', () => {
  const store = new Store();
  const first = store.miner();
  const [one, other] = ['database', 'cache'].map((what) => first.add('Error', `${what} is gone`));
  store.save(first);
  store.edit(one!, { mergedInto: other! });
  store.edit(other!, { mergedInto: one! });
  expect([one, other]).toContain(store.miner().add('Error', 'cache is gone'));
});

test('ids are compared as numbers, also past what a number holds', () => {
  const store = new Store();
  const shape = { scope: 'Error', mergedInto: null, flood: false, pinned: false };
  const ids = ['9', '10', '9007199254740993', '9007199254740992'];
  for (const [at, id] of ids.entries())
    store.templates.set(id, { ...shape, id, tokens: ['session', 'of', people[at]!, 'expired'] });
  // Stored templates are taken as they are; the next one makes the rule act.
  const miner = store.miner();
  expect(miner.add('Error', 'session of erin expired')).toBe('1');
  expect(miner.changes().merged).toEqual(
    ['9', '10', '9007199254740992', '9007199254740993'].map((from) => ({ from, into: '1' })),
  );
});
