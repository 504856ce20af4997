/** Faults of the database around effects outside of it: what is certain is tried again, and nothing on a guess. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { NotAppliedError, type RemedyContext } from '../../src/bot.ts';
import { entry, playbook } from '../support/builders.ts';
import { endSession, endsNextRecord } from '../support/real-faults.ts';
import { simulatedPlatform } from './simulated-platform.ts';

type SimulatedPlatform = Awaited<ReturnType<typeof simulatedPlatform>>;

const seed = entry('single', playbook('disk.clean'));

type IsDone = (context: RemedyContext, asked: number) => Promise<boolean | null>;

/** What it does stays, whatever becomes of its sessions. */
async function outside(isDone: IsDone, does: (context: RemedyContext, tries: number) => unknown) {
  const seen = { tries: 0, asked: 0, sent: 0 };
  const platform: SimulatedPlatform = await simulatedPlatform(
    [seed],
    [
      {
        name: 'disk.clean',
        rest: {
          outside: true,
          isDone: (_, context) => isDone(context, ++seen.asked),
          async apply(_, context) {
            await does(context, ++seen.tries);
            seen.sent += 1;
            platform.broken.clear();
            return { summary: 'sent it', before: null, after: null };
          },
        },
      },
    ],
  );
  return { ...platform, seen };
}

/** A session of the remedy's is ended, and then asked. */
const lose = async ({ db }: RemedyContext, other: SimulatedPlatform['db']) =>
  db.connection().execute(async (one) => {
    await endSession(one, other);
    await sql`SELECT 1`.execute(one);
  });

test('a fault before it began is followed by another try', async () => {
  const at = await outside(
    async (context, asked) => (asked === 1 ? (await lose(context, at.db), null) : null),
    () => {},
  );
  await at.round();
  expect(at.seen).toEqual({ tries: 1, asked: 2, sent: 1 });
  expect(await at.actions()).toMatchObject([{ state: 'verified' }]);
});

test('a fault each time before it began is aborted, as if it had never begun', async () => {
  const at = await outside(
    (context) => lose(context, at.db).then(() => null),
    () => {},
  );
  await at.round();
  expect(at.seen).toMatchObject({ tries: 0, asked: 3, sent: 0 });
  expect(await at.actions()).toMatchObject([{ state: 'aborted', evidence: {} }]);
  expect((await at.actions())[0]!.evidence).not.toHaveProperty('begun');
});

test('a fault in it, and certainty that nothing was done, is followed by another try', async () => {
  const at = await outside(
    async () => false,
    (context, tries) => tries === 1 && lose(context, at.db),
  );
  await at.round();
  expect(at.seen).toMatchObject({ tries: 2, sent: 1 });
  expect(await at.actions()).toMatchObject([{ state: 'verified' }]);
});

test('a remedy that says that a fault kept it from beginning is tried again, even if it cannot tell what was done', async () => {
  const at = await outside(
    async () => null,
    async (context, tries) => {
      if (tries > 1) return;
      await lose(context, at.db).catch((error: unknown) => {
        throw new NotAppliedError('its settings could not be read', { cause: error });
      });
    },
  );
  await at.round();
  expect(at.seen).toMatchObject({ tries: 2, sent: 1 });
  expect(await at.actions()).toMatchObject([{ state: 'verified' }]);
});

test('after a fault in it whose effect nobody can tell, it is unknown and not repeated', async () => {
  const at = await outside(
    async () => null,
    (context) => lose(context, at.db),
  );
  await at.round();
  expect(at.seen.tries).toBe(1);
  expect(await at.actions()).toMatchObject([{ state: 'unknown' }]);
});

test('its own error counts as its own: it has failed where that is certain, and is not tried again', async () => {
  const at = await outside(
    async () => false,
    () => {
      throw new Error('the other side refused');
    },
  );
  await at.round();
  expect(at.seen.tries).toBe(1);
  expect(await at.actions()).toMatchObject([{ state: 'failed' }]);
});

test('a fault while it is asked what became of it is not an answer: it is asked again, and the effect is found', async () => {
  const at = await outside(
    async (context, asked) => {
      // Before it began; then when its error is looked into; then by another try.
      if (asked === 2) await lose(context, at.db);
      return asked === 1 ? null : true;
    },
    () => {
      at.broken.clear();
      throw new Error('the answer was lost');
    },
  );
  await at.round();
  expect(at.seen.tries).toBe(1);
  expect(await at.actions()).toMatchObject([
    { state: 'verified', evidence: { summary: 'it was done already' } },
  ]);
});

test('what could not be asked about is left begun, and the next run asks', async () => {
  let away = true;
  const at = await outside(
    async (context, asked) => {
      if (asked === 1) return null;
      if (away) await lose(context, at.db);
      return true;
    },
    () => {
      throw new Error('the answer was lost');
    },
  );
  await at.round();
  expect(await at.actions()).toMatchObject([{ state: 'intent', evidence: { begun: true } }]);
  // Nor does a fault in the next run make it unknown.
  await at.round();
  expect(await at.actions()).toMatchObject([{ state: 'intent', evidence: { begun: true } }]);
  away = false;
  at.broken.clear();
  await at.round();
  expect(at.seen.tries).toBe(1);
  expect(await at.actions()).toMatchObject([
    { state: 'verified', evidence: { summary: 'it was done already' } },
  ]);
});

test('its record meets a fault and is written by another try, without the remedy', async () => {
  const at = await outside(
    async () => null,
    () => endsNextRecord(at.db, 2),
  );
  await at.round();
  expect(at.seen).toEqual({ tries: 1, asked: 1, sent: 1 });
  expect(await at.actions()).toMatchObject([{ state: 'verified' }]);
});
