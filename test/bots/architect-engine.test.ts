/** architect as the engine runs it: in a child process, with its memory and its findings in rows, and a remedy that a person approves. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { answerTicket, findAnswerable } from '../../src/services/tickets/answer.ts';
import { commitOf, repositoryState } from '../github/state.ts';
import { everythingIn } from '../heal/secret-scene.ts';
import { nothingHeldOut, set } from '../support/runs.ts';
import { failing, scene, suites, token } from './architect-engine-scene.ts';

test('the checks of a run share one reading, and no row has the token', async () => {
  const { db, state, open, round } = await scene([
    repositoryState('acme/shop', new Date(), { commits: failing(3), suites }),
    repositoryState('acme/site', new Date()),
  ]);
  expect(await round()).toMatchObject({ status: 'success', checks_performed: 10, issues_found: 1 });
  expect(await open()).toMatchObject([
    { title: 'Branch main of acme/shop fails: 3 commits in a row', check_name: 'default-branch' },
  ]);
  // All repositories, the failing one, required checks; alerts of two kinds, keys, permissions.
  const paths = state.requests.map(({ path }) => path.replace(/\?.*/, ''));
  expect(paths.filter((path) => path === '/graphql')).toHaveLength(3);
  expect(paths).toHaveLength(7);
  // The next run reads the branches anew, and takes the next turn of what is read seldom.
  state.repositories[0]!.commits.unshift(commitOf(new Date(), 'SUCCESS'));
  await round();
  expect(await open()).toEqual([]);
  const keys = state.requests.filter(({ path }) => path.includes('/keys'));
  expect(keys.map(({ path }) => path)).toEqual([
    expect.stringContaining('acme/shop'),
    expect.stringContaining('acme/site'),
  ]);
  expect(await everythingIn(db)).not.toContain(token);
});

test('failed jobs run again once a person approves it, and what comes of it is not guessed meanwhile', async () => {
  const { engine, db, state, open, round } = await scene([
    repositoryState('acme/shop', new Date(), { commits: failing(3), suites }),
  ]);
  await nothingHeldOut(db);
  await set(db, 'mode', 'auto');
  state.runs.set(77, { id: 77, status: 'completed', conclusion: 'failure', run_attempt: 1 });
  await round();
  expect(state.runs.get(77)).toMatchObject({ run_attempt: 1 });
  const { rows } = await sql<{
    number: string;
  }>`SELECT number FROM bot_tickets WHERE status IN ('open', 'assigned')`.execute(db);
  const actor = { name: 'ann', role: 'owner' } as const;
  const ticket = `T-${rows[0]!.number}`;
  const asked = { db, catalogue: async () => engine.catalogue };
  const { ticket: found, suggestion } = await findAnswerable(asked, {
    ticket,
    knowledge: undefined,
    answer: 'approved',
  });
  await answerTicket(
    { db, actor } as never,
    { ticket: found, suggestion, answer: 'approved' } as never,
  );
  await round();
  expect(state.runs.get(77)).toMatchObject({ run_attempt: 2, status: 'queued' });
  // While they run, the finding stays.
  state.repositories[0]!.commits[0]!.state = 'PENDING';
  await round();
  expect(await open()).toHaveLength(1);
  expect(state.runs.get(77)).toMatchObject({ run_attempt: 2 });
  state.repositories[0]!.commits[0]!.state = 'SUCCESS';
  await round();
  expect(await open()).toEqual([]);
  expect(await everythingIn(db)).not.toContain(token);
});
