import { expect, test } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import { conductor } from '../../bots/conductor.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { botsInside } from '../../src/services/round/choose.ts';
import { resumeBot } from '../../src/transitions/bots/resume.ts';
import { pauseBot } from '../../src/transitions/bots/pause.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase } from '../support/database.ts';

test('a bot that ships paused is registered with what is to be done, and is no finding until a person has had it run', async () => {
  const { db } = await testDatabase();
  const known = catalogueOf(bots, remedies);
  await registerCatalogue(db, known);
  const read = () =>
    db
      .selectFrom('bots')
      .select(['id', 'status', 'status_reason'])
      .where('name', '=', 'scout')
      .executeTakeFirstOrThrow();
  const shipped = await read();
  expect(shipped).toMatchObject({
    status: 'paused',
    status_reason: expect.stringMatching(/resume scout/),
  });
  const inAMonth = new Date(Date.now() + 30 * 86_400_000);
  const out = async () =>
    (await runCheck(conductor, 'out-of-service', db, {}, { now: inAMonth })).findings.map(
      ({ component }) => component,
    );
  expect(await out()).toEqual([]);
  const isLeftOut = async () => (await botsInside(db, known)).inactive.includes('scout');
  expect(await isLeftOut()).toBe(true);
  await resumeBot(db, { id: shipped.id, status: 'paused' });
  // What a person has set stays as it is when a process starts again.
  await registerCatalogue(db, known);
  expect(await read()).toMatchObject({ status: 'active', status_reason: null });
  await pauseBot(db, { id: shipped.id, status: 'active' }, 'too many entries');
  expect(await out()).toEqual(['scout']);
});
