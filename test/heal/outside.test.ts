/** Remedies outside: what becomes of an effect whose record is missing. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { NotAppliedError, z, type Remedy } from '../../src/bot.ts';
import { resolveTicket } from '../support/transitions.ts';
import { heal } from '../../src/heal/heal.ts';
import type { HealContext } from '../../src/heal/heal-context.ts';
import { entry, playbook } from '../support/builders.ts';
import { queuedRun, set } from '../support/runs.ts';
import { leftBehind, simulatedPlatform, type Cure } from './simulated-platform.ts';

type SimulatedPlatform = Awaited<ReturnType<typeof simulatedPlatform>>;
type Done = boolean | null | 'throws';

/** A remedy outside that answers so, and keeps the parameters that it was asked about. */
function outside(done: Done = null, rest: Partial<Cure> = {}) {
  const asked: unknown[] = [];
  const isDone: Remedy['isDone'] = async (params) => {
    asked.push(params);
    if (done === 'throws') throw new Error('the probe broke off');
    return done;
  };
  const cure: Cure = { name: 'disk.send', ...rest, rest: { outside: true, isDone, ...rest.rest } };
  return { asked, cure };
}

const seed = entry('single', playbook('disk.send'));
const ladder = entry('ladder', playbook('disk.send', 'disk.second'));

const states = async (platform: SimulatedPlatform) =>
  (await platform.actions()).map(({ remedy, state }) => [remedy, state]);

/** A finding that is open and has never been healed, and an action about it that nobody works on. */
async function admitted(
  cures: Cure[],
  state: 'intent' | 'unknown' = 'intent',
  values: object = {},
  severity: 'high' | 'medium' = 'high',
) {
  const platform = await simulatedPlatform([seed], cures, { severity });
  await set(platform.db, 'mode', 'off');
  await platform.round();
  await set(platform.db, 'mode', 'safe');
  await platform.forget();
  await leftBehind(platform, 'single', 'disk.send', state, { applied_at: null, ...values });
  return platform;
}

const begun = (params: object) => ({ evidence: JSON.stringify({ begun: true, params }) });

const tickets = ({ db }: SimulatedPlatform) =>
  db.selectFrom('bot_tickets').selectAll().orderBy('number').execute();

test('one that works is recorded after it has worked, and verified', async () => {
  const seen: string[] = [];
  const { cure } = outside(null, {
    before: async () => {
      const [action] = await platform.actions();
      seen.push(action!.state, JSON.stringify(action!.evidence));
    },
  });
  const platform: SimulatedPlatform = await simulatedPlatform([seed], [cure]);
  expect(await platform.round()).toMatchObject({ status: 'success', actions_taken: 1 });
  expect(seen).toEqual(['intent', '{"begun":true,"params":{}}']);
  expect(await platform.effects()).toEqual(['disk.send']);
  expect(await platform.actions()).toMatchObject([
    { state: 'verified', evidence: { summary: 'did disk.send', params: {} } },
  ]);
  const { times_applied } = await platform.db
    .selectFrom('bot_knowledge')
    .select('times_applied')
    .executeTakeFirstOrThrow();
  expect(times_applied).toBe(1);
});

test('one with nothing left to do does nothing', async () => {
  const platform = await simulatedPlatform([seed], [outside(true).cure]);
  await platform.round();
  expect(await platform.effects()).toEqual([]);
  expect(await platform.actions()).toMatchObject([
    { evidence: { summary: 'there was nothing left to do' } },
  ]);
});

test('the effect of one that threw stays, so nobody can tell: unknown, a ticket, and no further rung', async () => {
  const { cure } = outside(null, { throws: true });
  const platform = await simulatedPlatform([ladder], [cure, { name: 'disk.second' }]);
  expect(await platform.round()).toMatchObject({ status: 'success', actions_taken: 0 });
  expect(await states(platform)).toEqual([['disk.send', 'unknown']]);
  expect(await platform.actions()).toMatchObject([
    {
      success: false,
      error_message: 'disk.send broke off; disk.send cannot tell whether it was done',
    },
  ]);
  expect(await tickets(platform)).toMatchObject([{ status: 'assigned' }]);
  expect((await platform.finding()).resolved_at).toBeNull();
});

test.each<[string, Done, Partial<Cure>, string]>([
  [
    'that says that nothing was done',
    null,
    {
      rest: {
        apply: async () => {
          throw new NotAppliedError('refused');
        },
      },
    },
    'refused',
  ],
  ['of which it is certain that it was not', false, { throws: true }, 'disk.send broke off'],
  ['that could not be asked before it began', 'throws', {}, 'the probe broke off'],
])('after one that threw %s the next rung is tried', async (_, done, rest, why) => {
  const platform = await simulatedPlatform(
    [ladder],
    [outside(done, rest).cure, { name: 'disk.second' }],
  );
  await platform.round();
  expect(await states(platform)).toEqual([
    ['disk.send', 'failed'],
    ['disk.second', 'verified'],
  ]);
  expect((await platform.actions())[0]!.error_message).toBe(why);
});

test('one that threw after it had done its work was applied', async () => {
  let done = false;
  const { cure } = outside();
  const platform = await simulatedPlatform(
    [seed],
    [
      {
        ...cure,
        rest: {
          ...cure.rest,
          isDone: async () => done,
          apply: async () => {
            done = true;
            platform.broken.clear();
            throw new Error('the answer was lost');
          },
        },
      },
    ],
  );
  await platform.round();
  expect(await platform.actions()).toMatchObject([
    { state: 'verified', evidence: { after: { error: 'the answer was lost' } } },
  ]);
});

describe('an abandoned intent', () => {
  test('that was done is verified, and not repeated', async () => {
    const platform = await admitted([outside(true).cure], 'intent', begun({}));
    await platform.round();
    expect(await platform.effects()).toEqual([]);
    // The check still fails: what was done did not help.
    expect(await platform.actions()).toMatchObject([
      { state: 'failed', evidence: { summary: 'it was done already' } },
    ]);
  });

  test('that was not done is applied, once', async () => {
    const platform = await admitted([outside(false).cure], 'intent', begun({}));
    await platform.round();
    expect(await platform.effects()).toEqual(['disk.send']);
    expect(await states(platform)).toEqual([['disk.send', 'verified']]);
  });

  test.each<Done>([null, 'throws'])(
    'of which nobody can tell (%s) is not repeated, blocks, and gets a ticket',
    async (done) => {
      const platform = await admitted([outside(done).cure], 'intent', begun({}), 'medium');
      expect(await platform.round()).toMatchObject({ status: 'success', actions_taken: 0 });
      for (let number = 0; number < 2; number++) await platform.round();
      expect(await platform.effects()).toEqual([]);
      expect(await states(platform)).toEqual([['disk.send', 'unknown']]);
      expect(await platform.decisions()).toEqual([
        { name: 'single', verdict: 'blocked', gate: 'in_progress' },
      ]);
      expect(await tickets(platform)).toMatchObject([{ severity: 'medium', status: 'assigned' }]);
    },
  );

  test('that was never begun is asked about too, with what the entry says', async () => {
    const { asked, cure } = outside(null);
    const platform = await admitted([cure]);
    await platform.round();
    expect(asked).toEqual([{}]);
    expect(await states(platform)).toEqual([['disk.send', 'unknown']]);
  });

  test.each([
    [
      'was edited',
      sql`UPDATE bot_knowledge SET solution = ${'steps: [{ remedy: disk.send, with: { to: b } }]'}`,
    ],
    ['is gone', sql`DELETE FROM bot_knowledge`],
    ['is prose now', sql`UPDATE bot_knowledge SET solution = 'Call somebody.'`],
  ])('is asked about what was sent, though its entry %s', async (_, edit) => {
    const { asked, cure } = outside(true, {
      rest: { params: z.looseObject({ to: z.string().optional() }) },
    });
    const platform = await admitted([cure], 'intent', begun({ to: 'a' }));
    await edit.execute(platform.db);
    await platform.round();
    expect(asked).toEqual([{ to: 'a' }]);
    expect(await platform.effects()).toEqual([]);
    expect((await platform.actions())[0]!.applied_at).not.toBeNull();
  });

  test('of a remedy that is gone is unknown once it was begun, and aborted before', async () => {
    const after = await admitted([{ name: 'disk.other' }, outside().cure], 'intent', {
      remedy: 'disk.gone',
      ...begun({}),
    });
    await after.round();
    expect(await states(after)).toEqual([['disk.gone', 'unknown']]);
    const before = await admitted([outside().cure], 'intent', { remedy: 'disk.gone' });
    await before.round();
    expect((await states(before))[0]).toEqual(['disk.gone', 'aborted']);
  });

  test('waits while the kill switch is on, and nothing outside is asked', async () => {
    const { asked, cure } = outside(false);
    const platform = await admitted([cure], 'intent', begun({}));
    await set(platform.db, 'mode', 'off');
    await platform.round();
    expect(asked).toEqual([]);
    expect(await states(platform)).toEqual([['disk.send', 'intent']]);
  });

  test('that two runs find at once is applied by one of them', async () => {
    const { asked, cure } = outside(false, { works: false });
    const platform = await admitted([cure], 'intent', begun({}));
    const finding = (await platform.finding()) as never;
    const both = [await platform.comesTo(finding), await platform.comesTo(finding)];
    await Promise.all(both.map((heal) => heal()));
    expect(await platform.effects()).toEqual(['disk.send']);
    // The other one was told that it is taken before it asked.
    expect(asked).toHaveLength(2);
  });
});

describe('one that was begun, and whose problem is gone', () => {
  const gone = async (done: Done, severity: 'high' | 'medium' = 'high') => {
    const { asked, cure } = outside(done);
    const platform = await admitted([cure], 'intent', begun({ to: 'a' }), severity);
    platform.broken.clear();
    return { ...platform, asked };
  };

  test('was what helped, if it was done', async () => {
    const platform = await gone(true);
    await platform.round();
    expect(platform.asked).toEqual([{ to: 'a' }]);
    expect(await platform.actions()).toMatchObject([
      { state: 'verified', success: true, evidence: { summary: 'it was done already' } },
    ]);
    expect(await platform.finding()).toMatchObject({ resolution_method: 'escalated' });
  });

  test('is aborted if it was not, and nobody asks again', async () => {
    const platform = await gone(false);
    for (let number = 0; number < 2; number++) await platform.round();
    expect(platform.asked).toHaveLength(1);
    expect(await states(platform)).toEqual([['disk.send', 'aborted']]);
    expect(await platform.finding()).toMatchObject({ resolution_method: 'cleared' });
  });

  test.each<Done>([null, 'throws'])('is unknown where nobody can tell (%s)', async (done) => {
    const platform = await gone(done);
    await platform.round();
    expect(await states(platform)).toEqual([['disk.send', 'unknown']]);
    expect(await platform.effects()).toEqual([]);
  });

  test('then gets one ticket, whatever its severity, until a person has settled it', async () => {
    const platform = await gone(null, 'medium');
    await sql`UPDATE bot_tickets SET status = 'closed', resolved_at = engine.now()`.execute(
      platform.db,
    );
    for (let number = 0; number < 3; number++) await platform.round();
    const [, ticket, ...more] = await tickets(platform);
    expect(ticket).toMatchObject({ severity: 'medium', status: 'assigned' });
    expect(more).toEqual([]);
    await resolveTicket(platform.db, ticket!, 'it had arrived', 'ann');
    await platform.round();
    expect(await states(platform)).toEqual([['disk.send', 'aborted']]);
    expect((await tickets(platform)).map(({ status }) => status)).toEqual(['closed', 'resolved']);
  });

  test('is not written off under the kill switch: it is asked when healing goes on', async () => {
    const platform = await gone(true);
    await set(platform.db, 'mode', 'off');
    await platform.round();
    expect(platform.asked).toEqual([]);
    expect(await states(platform)).toEqual([['disk.send', 'intent']]);
    await set(platform.db, 'mode', 'safe');
    await platform.round();
    expect(await states(platform)).toEqual([['disk.send', 'verified']]);
  });
});

test('a clean result does not take away what another run is just applying', async () => {
  const at = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const slow: Cure = {
    name: 'disk.send',
    rest: {
      outside: true,
      isDone: async () => {
        at.resolve();
        await over.promise;
        return false;
      },
    },
  };
  const platform = await simulatedPlatform([seed], [slow]);
  await sql`UPDATE bots SET concurrency = 2`.execute(platform.db);
  const first = platform.round();
  await at.promise;
  platform.broken.clear();
  await platform.round();
  over.resolve();
  expect(await first).toMatchObject({ actions_taken: 1 });
  expect(await states(platform)).toEqual([['disk.send', 'verified']]);
});

test('resolving its ticket settles an unknown action: it counts for nothing and blocks no longer', async () => {
  const platform = await admitted([outside().cure], 'unknown');
  await platform.round();
  expect(await platform.effects()).toEqual([]);
  const [ticket] = await tickets(platform);
  await resolveTicket(platform.db, ticket!, 'it had not arrived', 'ann');
  expect(await platform.actions()).toMatchObject([
    {
      state: 'aborted',
      settled_at: expect.any(Date),
      evidence: { settled: { by: 'ann', notes: 'it had not arrived', ticket: ticket!.number } },
    },
  ]);
  const events = await platform.db
    .selectFrom('bot_ticket_events')
    .select('detail')
    .where('event', '=', 'resolved')
    .execute();
  expect(events).toEqual([
    { detail: { notes: 'it had not arrived', settled: [expect.any(String)] } },
  ]);
  await platform.round();
  expect(await platform.effects()).toEqual(['disk.send']);
});

test('a problem that comes again while an action about it is unknown gets a ticket, whatever its severity', async () => {
  const platform = await admitted([outside().cure], 'unknown', {}, 'medium');
  platform.broken.clear();
  await platform.round();
  await platform.forget();
  await sql`UPDATE bot_tickets SET status = 'closed', resolved_at = engine.now()`.execute(
    platform.db,
  );
  platform.broken.add('disk');
  await platform.db.updateTable('bot_knowledge').set({ issue_pattern: 'another' }).execute();
  await platform.round();
  expect(await tickets(platform)).toMatchObject([{ status: 'closed' }, { status: 'assigned' }]);
});

test('a ticket about an unknown action does not resolve itself: a person has to settle it', async () => {
  const platform = await admitted([outside().cure], 'unknown');
  await platform.round();
  platform.broken.clear();
  await platform.round();
  const [ticket] = await tickets(platform);
  expect(ticket).toMatchObject({ status: 'assigned' });
  await resolveTicket(platform.db, ticket!, 'it had arrived', 'ann');
  expect(await states(platform)).toEqual([['disk.send', 'aborted']]);
});

test('resolving a ticket leaves the unknown actions of other findings alone', async () => {
  const platform = await admitted([outside(null, { works: false }).cure], 'unknown', {
    fingerprint: 'another',
  });
  await platform.round();
  const [ticket] = await tickets(platform);
  await resolveTicket(platform.db, ticket!, 'done', 'ann');
  expect((await states(platform))[0]).toEqual(['disk.send', 'unknown']);
});

test('a delay of the step is written down with its application', async () => {
  const later = entry('later', 'steps: [{ remedy: disk.send, verify_after: 90s }]');
  const platform = await simulatedPlatform([later], [outside().cure]);
  await platform.round();
  const [action] = await platform.actions();
  expect(action!.verify_after!.getTime() - action!.applied_at!.getTime()).toBe(90_000);
});

/** A started run that heals the newest finding when told, and calls `before` each time an effect is due. */
async function aRun(platform: SimulatedPlatform, before = async () => {}) {
  const finding = (await platform.finding()) as never;
  await sql`UPDATE bots SET concurrency = 20`.execute(platform.db);
  const id = await queuedRun(platform.db, 'watch');
  const run = (await platform.engine.writer.start({ id, generation: 1 }))!;
  const { db, catalogue, children } = platform.engine;
  const place = await children.take();
  const { signal } = run;
  signal.addEventListener('abort', () => place.stop('cancelled'));
  const effect: HealContext['effect'] = async (task) => {
    await before();
    return place.do('effect', task);
  };
  const recheck: HealContext['recheck'] = async () => 'failing';
  return {
    heal: () =>
      heal(
        {
          db,
          catalogue,
          signal,
          recheck,
          effect,
          now: () => new Date(),
          leftMs: () => 10_000,
          emit: () => {},
        },
        run,
        finding,
      ),
    stop: () => run.stop('cancelled'),
  };
}

test('an intent that another run took up since it was found is left to that one', async () => {
  const begun = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const { asked, cure } = outside(false, {
    before: () => {
      begun.resolve();
      return over.promise;
    },
  });
  const platform = await admitted([cure], 'intent', { evidence: '{"begun": true, "params": {}}' });
  const first = await aRun(platform);
  const second = await aRun(platform, async () => {
    healing = first.heal();
    await begun.promise;
  });
  let healing: Promise<unknown> | undefined;
  // It has found the intent abandoned, and asks once the first one is at work on it.
  await second.heal();
  expect(await states(platform)).toEqual([['disk.send', 'intent']]);
  over.resolve();
  await healing;
  expect(await platform.effects()).toEqual(['disk.send']);
  // The first one when it took it up, and before it applied.
  expect(asked).toHaveLength(2);
});

test.each([
  [true, 'intent', 1],
  [undefined, 'aborted', 0],
] as const)(
  'one that is stopped at work (outside: %s) is left as %s',
  async (outside, state, effects) => {
    const at = Promise.withResolvers<void>();
    const apply: Remedy['apply'] = async (_, { db }) => {
      await sql`INSERT INTO engine.effects (remedy) VALUES ('disk.send')`.execute(db);
      at.resolve();
      return new Promise(() => {});
    };
    const platform = await simulatedPlatform(
      [seed],
      [
        {
          name: 'disk.send',
          rest: { ...(outside && { outside }), isDone: async () => null, apply },
        },
      ],
    );
    await platform.seen();
    const run = await aRun(platform);
    const healing = run.heal();
    await at.promise;
    run.stop();
    await healing;
    expect(await states(platform)).toEqual([['disk.send', state]]);
    expect(await platform.effects()).toHaveLength(effects);
  },
);
