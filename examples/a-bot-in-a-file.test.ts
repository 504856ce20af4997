/**
 * The test of a bot: its check finds what is planted, its knowledge heals that, and the undo brings it back.
 *
 *     npx node --test examples/a-bot-in-a-file.test.ts
 *
 * It starts a PostgreSQL of its own, or makes a database on that of TEST_DATABASE_URL, and removes it. Any test runner will
 * do: an assertion that fails throws an error of node:assert.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertFindings, openScratch } from 'roundsman/testing';
import { editor, trimNames } from './a-bot-in-a-file.ts';

const scratch = await openScratch({ bots: [editor], remedies: [trimNames] });
after(() => scratch.close());

test('names without spaces are no finding', async () => {
  assertFindings(await scratch.check(editor, 'app-names'), []);
});

test('a name with spaces is found, trimmed, and given back by the undo', async () => {
  const chess = { slug: 'chess', name: ' Chess ', category: 'games', credit_cost: 0 };
  await scratch.db.insertInto('app_catalog').values(chess).execute();
  assertFindings(await scratch.check(editor, 'app-names'), [
    { component: 'app_catalog', severity: 'medium', title: /: 1$/ },
  ]);

  const healed = await scratch.heal(editor, 'app-names');
  assert.equal(healed.isVerified, true);
  assert.equal(healed.steps[0]?.evidence.summary, 'trimmed 1 names');
  assertFindings(healed.after, []);

  const { after: undone } = await healed.undo();
  assertFindings(undone, [{ component: 'app_catalog' }]);
});
