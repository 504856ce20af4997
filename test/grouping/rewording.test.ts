/** A release words a message otherwise: what stays one group, and what is too far. */
import { expect, test } from 'vitest';
import { groupsOf, Store } from './store.ts';

test.each([
  ['a colon', 'Payment failed for order 7', 'Payment failed: for order 8'],
  ['case', 'Payment failed for order 7', 'payment Failed for Order 8'],
  ['an article', 'Cannot connect to database db-1', 'Cannot connect to the database db-1'],
  [
    'how an inability is said',
    'Could not charge card of user 5',
    'Unable to charge card of user 6',
  ],
  [
    'how a timeout is said',
    'Call of provider timed out after 3 s',
    'Call of provider: timeout after 5 s',
  ],
  ['a form of be', 'Card declined by bank 7', 'Card was declined by bank 7'],
  ['the plural', 'Retry limit of webhook reached', 'Retry limits of webhooks reached'],
  ['a typographic apostrophe', "Can't read settings of shop 7", 'Can’t read settings of shop 8'],
  [
    'one word more in a long message',
    'Payment provider rejected charge of customer 17 with code 5',
    'Payment provider rejected card charge of customer 18 with code 5',
  ],
  [
    'one word less in a long message',
    'Worker lost its connection to message broker broker-1',
    'Worker lost connection to message broker broker-2',
  ],
])('%s makes no other group', (_, before, after) => {
  expect(groupsOf([before, after])).toEqual([0, 0]);
});

test.each([
  [
    'the same beginning',
    'Payment of order 7 failed: card declined',
    'Payment of order 7 failed: card expired',
  ],
  ['not', 'User 7 logged in with token', 'User 7 not logged in with token'],
  ['another noun', 'Connection to database lost', 'Connection to cache lost'],
  ['another verb', 'Started import of catalogue 7', 'Stopped import of catalogue 7'],
  ['a state and its beginning', 'Service cart is starting', 'Service cart started'],
  ['a word more in a short message', 'Cannot open file 7', 'Cannot open log file 7'],
  [
    'a word that turns it',
    'Import of shop 7 rows into table finished',
    'Import of shop 7 rows into table not finished',
  ],
  [
    'two words more',
    'Worker lost connection to broker for queue mail',
    'Worker lost its only connection to broker for queue mail',
  ],
  ['another order', 'replica is ahead of primary node', 'primary is ahead of replica node'],
  [
    'a value more',
    'Worker 7 lost connection to broker for queue mail',
    'Worker lost connection to broker for queue mail',
  ],
])('%s is another message', (_, before, after) => {
  expect(groupsOf([before, after])).toEqual([0, 1]);
});

test('a message does not drift into another one, one word a release', () => {
  const releases = [
    'Worker lost connection to message broker for queue',
    'Worker lost connection to message broker for mail queue',
    'Worker lost connection to message broker for urgent mail queue',
  ];
  expect(groupsOf(releases)).toEqual([0, 0, 1]);
});

test('nor does the template that covers aliases of it', () => {
  const queues = ['mail', 'print', 'file', 'audit'].map(
    (queue) => `Worker lost connection to message broker for ${queue} queue`,
  );
  const groups = groupsOf([
    'Worker lost connection to message broker for queue',
    'Worker lost its connection to message broker for 7 queue',
    ...queues,
  ]);
  expect(groups).toEqual([0, 1, 0, 0, 0, 0]);
});

test('the new wording becomes an alias of the old one, also when the old one comes back', () => {
  const store = new Store();
  const miner = store.miner();
  const before = miner.add('Error', 'Could not charge card of user 5');
  store.save(miner);
  const release = store.miner();
  expect(release.add('Error', 'Unable to charge the card of user 5')).toBe(before);
  expect(release.changes().opened).toMatchObject([{ mergedInto: before }]);
  expect(release.add('Error', 'Could not charge card of user 6')).toBe(before);
});

test('the same words in another scope are another group', () => {
  const miner = new Store().miner();
  expect(miner.add('TypeError', 'boom 1')).not.toBe(miner.add('RangeError', 'boom 1'));
});
