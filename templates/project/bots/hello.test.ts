import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertFindings, openScratch } from 'roundsman/testing';
import { hello, trimNames } from './hello.ts';

// A PostgreSQL of its own, or a database of its own on that of TEST_DATABASE_URL; DATABASE_URL is never used.
const scratch = await openScratch({ bots: [hello], remedies: [trimNames] });
after(() => scratch.close());

test('names without spaces are no finding', async () => {
  assertFindings(await scratch.check(hello, 'app-names'), []);
});

test('a name with spaces is found, trimmed, and given back by the undo', async () => {
  const chess = { slug: 'chess', name: ' Chess ', category: 'games', credit_cost: 0 };
  await scratch.db.insertInto('app_catalog').values(chess).execute();
  assertFindings(await scratch.check(hello, 'app-names'), [
    { component: 'app_catalog', severity: 'medium', title: /: 1$/ },
  ]);

  const healed = await scratch.heal(hello, 'app-names');
  assert.equal(healed.isVerified, true);
  assertFindings(healed.after, []);

  const { after: undone } = await healed.undo();
  assertFindings(undone, [{ component: 'app_catalog' }]);
});
