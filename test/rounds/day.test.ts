/**
 * One day of every bot's documented schedule over a healthy, busy platform, behind five weeks of history; and every fault that can be
 * planted in it. `npm run rounds` makes the same for a week and writes the table of docs/bots.md.
 */
import { beforeAll, expect, inject, test } from 'vitest';
import { bots } from '../../bots/index.ts';
import { faults } from '../../src/demo/faults/index.ts';
import { parseSchedule, slotsBetween } from '../../src/schedule/cron.ts';
import { plantOne } from './plant-each.ts';
import { copyOf, dayMs, makeRounds, past as makePast } from './simulation.ts';

const server = inject('postgresUrl');
/** A Tuesday, with a deployment; the campaign is on the Thursday after. */
const begin = new Date('2026-03-03T00:00:00Z');
let past: string;
beforeAll(async () => {
  past = await makePast(server, bots, { until: begin, days: 35 });
}, 300_000);

test('a day on a healthy, busy platform: every check looks at every slot, and finds nothing', async () => {
  const world = await copyOf(server, past);
  const to = new Date(+begin + dayMs);
  const { tallies } = await makeRounds(world, bots, { from: begin, to });
  await world.close();
  const found = [...tallies.values()].flatMap(({ name, findings }) =>
    findings.map(({ at, finding }) => `${at.toISOString()} ${name}: ${finding.title}`),
  );
  expect(found).toEqual([]);
  for (const bot of bots) {
    const slots = slotsBetween(parseSchedule(bot.schedule), begin, to, 10_000).length;
    for (const { name } of bot.checks)
      expect(tallies.get(`${bot.name}.${name}`)?.runs, name).toBe(slots);
  }
}, 600_000);

/** Where two bots look at the same rows for reasons of their own. */
const alsoSeenBy: Record<string, string[]> = {
  'conductor.queue': ['meter.runaway'],
  'janitor.orphans': ['surveyor.keys'],
  'oracle.account-logins': ['sentinel-api.unauthorized'],
  'oracle.login-wave': ['sentinel-api.unauthorized', 'pulse.requests'],
  'oracle.request-rate': ['pulse.requests'],
  'oracle.address-logins.network': ['sentinel-api.unauthorized'],
  'oracle.address-logins.stuffing': ['sentinel-api.unauthorized'],
  'sentinel-api.unauthorized': ['pulse.requests'],
  'curator.app-costs': ['ledger.usage-without-debit'],
  'pulse.error-share': ['sentinel-api.server-errors'],
  'surveyor.tables.row-security': ['warden.row-security'],
  'surveyor.policies': ['warden.open-policies', 'warden.policy-roles'],
};

test.each(faults.map((fault) => ({ fault, name: fault.name })))(
  '$name is found by its bot at its next slots',
  async ({ fault }) => {
    const { minutes, others } = await plantOne(server, { past, at: begin }, bots, fault);
    expect(minutes).not.toBeNull();
    expect(others.toSorted()).toEqual((alsoSeenBy[fault.name] ?? []).toSorted());
  },
  60_000,
);
