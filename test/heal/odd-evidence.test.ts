/** What a remedy says it did, against the contract or too much of it. */
import { expect, test } from 'vitest';
import type { Evidence, Remedy } from '../../src/bot.ts';
import { aBot, aRemedy, broken, catalogue, entry, playbook } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, run } from '../support/runs.ts';

async function healedWith(evidence: unknown, rest: Partial<Remedy> = {}) {
  const odd = aRemedy('odd.cure', async () => {}, {
    apply: async () => evidence as Evidence,
    ...rest,
  });
  const bot = aBot('broken', async () => broken('x'), {
    knowledge: [entry('cure', playbook('odd.cure'))],
  });
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot], [odd]));
  await nothingHeldOut(engine.db);
  await run(engine, 'broken');
  return engine.db.selectFrom('bot_actions').selectAll().executeTakeFirstOrThrow();
}

const much = { summary: 'did much', before: null, after: 'm'.repeat(2_000_000) };

test.each([undefined, null, 7, 'done', { summary: 7 }])(
  'a remedy that says %j has been applied all the same',
  async (evidence) => {
    const action = await healedWith(evidence);
    expect(action.action_description).toMatch(/it does not say what it did/);
    expect(action.applied_at).not.toBeNull();
  },
);

test('too much of it is a named error, and the effect is rolled back', async () => {
  const action = await healedWith(much);
  expect(action).toMatchObject({ state: 'failed', applied_at: null });
  expect(action.error_message).toMatch(/its evidence has \d+ characters; the limit is 1000000/);
});

test('for an effect outside, only the sentence is kept', async () => {
  const action = await healedWith(much, { outside: true });
  expect(action.action_description).toMatch(/did much/);
  expect(action.applied_at).not.toBeNull();
  expect(JSON.stringify(action.evidence).length).toBeLessThan(1_000);
});
