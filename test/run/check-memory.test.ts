/** What a check says to remember is committed with its result, and is given to it at its next run. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Check, CheckResult } from '../../src/bot.ts';
import { aBot, broken, catalogue, clean } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { run } from '../support/runs.ts';

/** A bot with a check that remembers and answers as it is told, and one that does not remember. */
async function remembering(answer: (remembered: unknown, tries: number) => CheckResult) {
  const given: unknown[] = [];
  const counting: Check<unknown>['run'] = async (_, { remembered }) => {
    given.push(remembered);
    return answer(remembered, given.length);
  };
  const bot = aBot('watch', { counts: counting, 'is-there': async () => clean('memory') });
  bot.checks[0] = { ...bot.checks[0]!, remembers: true };
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot]));
  return { engine, given, round: () => run(engine, 'watch', { max_attempts: 1 }) };
}

test('the next run is given what the last one said, whether its check passed or failed', async () => {
  const { given, round } = await remembering((_, tries) => ({
    ...(tries % 2 ? broken('disk') : clean('disk')),
    remember: { tries, 'a "key"\u0000': ['ä', null, 0.1, { deep: true }] },
  }));
  for (let at = 0; at < 3; at += 1) expect(await round()).toMatchObject({ status: 'success' });
  expect(given).toEqual([
    null,
    { tries: 1, 'a "key"\uFFFD': ['ä', null, 0.1, { deep: true }] },
    { tries: 2, 'a "key"\uFFFD': ['ä', null, 0.1, { deep: true }] },
  ]);
});

test('a result that says nothing leaves it as it is, and one that says null empties it', async () => {
  const says: Partial<CheckResult>[] = [{ remember: 7 }, {}, { remember: null }, {}];
  const { given, round } = await remembering((_, tries) => ({
    ...clean('disk'),
    ...says[tries - 1],
  }));
  for (const _ of says) await round();
  expect(given).toEqual([null, 7, 7, null]);
});

test('a check that errs or is skipped keeps its memory, and a run that was taken over writes none', async () => {
  const { engine, given, round } = await remembering((_, tries) => {
    if (tries === 2) throw new Error('away');
    return { ...clean('disk'), remember: tries };
  });
  await round();
  await round();
  await sql`UPDATE engine.check_memories SET last_fence = last_fence + 1000`.execute(engine.db);
  await round();
  await round();
  // The third run had an older fence than the row.
  expect(given).toEqual([null, 1, 1, 1]);
});

test('more than 16 KiB is refused, and so is memory of a check that does not remember', async () => {
  const { given, round } = await remembering(() => ({
    ...clean('disk'),
    remember: 'ä'.repeat(8_192),
  }));
  expect(await round()).toMatchObject({
    status: 'failed',
    error_message: expect.stringContaining(
      'remember: it has 16386 bytes as JSON, and the limit is 16384',
    ),
  });
  expect(given).toEqual([null]);
  const forgetful = aBot('watch', async () => ({ ...clean('disk'), remember: 1 }));
  const engine = await anEngine({ name: 'postgres' }, catalogue([forgetful]));
  expect(await run(engine, 'watch', { max_attempts: 1 })).toMatchObject({
    error_message: expect.stringContaining('the check is defined without `remembers: true`'),
  });
});
