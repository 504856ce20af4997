/** Explain names the storm, of each of its findings and of its ticket, by the evaluation that the next run makes. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { explain } from '../../src/heal/explain.ts';
import { tellers } from '../run/teller.ts';
import { aRemedy, entry, playbook, problem } from '../support/builders.ts';
import { set } from '../support/runs.ts';
import { roundsman } from './command.ts';

const names = ['/a', '/b', '/c', '/d', '/e', '/f', '/g', '/h'];

/** A bot with eight endpoints, of which so many are broken; the command line knows its remedy, too. */
async function endpoints(autonomy: 'auto' | 'suggest' = 'auto') {
  const bots = await tellers({
    endpoints: {
      knowledge: [entry('mend', playbook('session.expire'), { autonomy })],
      remedies: [aRemedy('session.expire', async () => {})],
    },
  });
  const ask = (...args: string[]) => roundsman(bots.engine.url, ...args);
  const breaks = (broken: number, examined = names) =>
    bots.say('endpoints', {
      examined,
      findings: names.slice(0, broken).map((name) => problem(name)),
    });
  const prospects = async (component = '/a') => {
    const finding = (await bots.findings()).find((each) => each.affected_component === component)!;
    const { candidates } = await explain(bots.db, bots.engine.catalogue, finding);
    return candidates.map(({ prospect, closed }) => [prospect, closed.map(({ gate }) => gate)]);
  };
  return { ...bots, ask, breaks, prospects };
}

test('each of its findings names the storm as its closed gate, with the ticket that stands for it', async () => {
  const { ask, breaks, prospects, decisions } = await endpoints();
  await breaks(6);
  expect(new Set((await decisions()).map(({ gate }) => gate))).toEqual(new Set(['storm']));
  expect(await prospects()).toEqual([['closed', ['storm']]]);
  const [{ id }] = (await ask('findings', 'list', '--json')).json();
  const { out } = await ask('findings', 'explain', id);
  expect(out).toMatch(
    /^mend +gate storm: 6 components of its bot are broken, for which T-1 stands: the cause is elsewhere; it opens when fewer are broken; `npx roundsman bots run endpoints`$/m,
  );
  expect(out).toMatch(/^Storm +T-1 stands for all that is broken at its bot: /m);
  expect(out).not.toContain('would be applied');
});

test('beside another gate it is closed too, and it is told where nothing matches', async () => {
  const { ask, breaks, prospects, db } = await endpoints('suggest');
  await breaks(6);
  expect(await prospects()).toEqual([['closed', ['autonomy', 'storm']]]);
  await sql`UPDATE bot_knowledge SET removed_at = now(), enabled = false`.execute(db);
  const [{ id }] = (await ask('findings', 'list', '--json')).json();
  const { out } = await ask('findings', 'explain', id);
  expect(out).toMatch(/^Storm +T-1 stands for all that is broken at its bot: /m);
});

test("the storm's ticket is headed by the storm, by whichever name it is given", async () => {
  const { ask, breaks } = await endpoints();
  await breaks(6);
  for (const args of [
    ['tickets', 'explain', '1'],
    ['findings', 'explain', 'T-1'],
  ]) {
    const { code, out } = await ask(...args);
    expect(code).toBe(0);
    expect(out).toMatch(/^T-1 {2}high {2}Storm: 6 of 8 components of endpoints are broken$/m);
    expect(out).toMatch(/^Broken +6 components now$/m);
    expect(out).toMatch(
      /^No heal begins, whatever fits: gate storm: 6 components .* `npx roundsman bots run endpoints` asks again$/m,
    );
    expect(out).toMatch(/^Stands for 6 open findings$/m);
    for (const name of names.slice(0, 6)) expect(out).toContain(`${name} is broken`);
    expect(out.split('\n')[0]).not.toContain('is broken');
  }
  const document = (await ask('tickets', 'explain', 'T-1', '--json')).json();
  expect(document).toMatchObject({
    number: '1',
    broken_components: 6,
    closed: [{ gate: 'storm', waits_for: 'recovery', opens_at: null }],
  });
  expect(document.storm_findings).toHaveLength(6);
});

test('what explain says is what the next run does, also by limits that were changed meanwhile', async () => {
  const { breaks, prospects, decisions, db } = await endpoints();
  await breaks(6);
  await sql`UPDATE engine.settings SET value = value || '{"storm_share": 0.9, "heals_per_entry": 100, "breaker_failures": 100}' WHERE key = 'healing'`.execute(
    db,
  );
  expect(await prospects()).toEqual([['apply', []]]);
  await breaks(6);
  expect((await decisions()).findLast(({ component }) => component === '/a')).toMatchObject({
    verdict: 'applied',
  });
});

test('a storm of which no run knew how many components there are stays one', async () => {
  const { breaks, prospects, db } = await endpoints();
  await breaks(6);
  await sql`UPDATE bot_tickets SET metadata = jsonb_set(metadata, '{storm,of}', 'null')`.execute(
    db,
  );
  expect(await prospects()).toEqual([['closed', ['storm']]]);
});

test('where its ticket was resolved the newest decision tells, until it is over', async () => {
  const { ask, breaks, prospects } = await endpoints();
  await breaks(6);
  await ask('tickets', 'resolve', 'T-1', '--notes', 'the switch was dead');
  expect(await prospects()).toEqual([['closed', ['storm']]]);
  const { out } = await ask('tickets', 'explain', 'T-1');
  expect(out).toMatch(/^Status +resolved$/m);
  expect(out).not.toContain('Stands for');
  await breaks(2);
  expect(await prospects()).not.toEqual([['closed', ['storm']]]);
});

test('the kill switch comes first, and the storm is closed too', async () => {
  const { breaks, prospects, db } = await endpoints();
  await breaks(6);
  await set(db, 'mode', 'off');
  // A safe entry would pass the gate mode after `mode safe`.
  expect(await prospects()).toEqual([['closed', ['kill_switch', 'storm']]]);
});
