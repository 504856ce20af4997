/**
 * `npm run rounds`: a week of every bot's documented schedule over a healthy, busy platform, and every fault planted in it. Writes what
 * each check found to week.json, from which the table in docs/bots.md is made. `--days N` makes another number of days and only prints.
 */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bots } from '../../bots/index.ts';
import { faults } from '../../src/demo/faults/index.ts';
import { finderOf } from '../../src/demo/faults/fault.ts';
import { startPostgres } from '../support/postgres.ts';
import { plantOne, type Found } from './plant-each.ts';
import { copyOf, dayMs, makeRounds, past as makePast, type CheckTally } from './simulation.ts';

const { values } = parseArgs({ options: { days: { type: 'string', default: '7' } } });
const days = Number(values.days);
/** A Monday: the week has two deployments, a campaign and a weekend. */
const begin = new Date('2026-03-02T00:00:00Z');

const directory = await mkdtemp(join(tmpdir(), 'roundsman-rounds-'));
// PostgreSQL refuses root, and runs as another account.
await chmod(directory, 0o711);
const server = await startPostgres(directory);
try {
  const past = await makePast(server.url, bots, { until: begin, days: 35 });
  const world = await copyOf(server.url, past);
  const to = new Date(+begin + days * dayMs);
  const rounds = await makeRounds(world, bots, { from: begin, to }, (day) =>
    console.error(`until ${day.toISOString()}`),
  );
  await world.close();
  const found: Found[] = [];
  for (const fault of faults) {
    found.push(await plantOne(server.url, { past, at: begin }, bots, fault));
    console.error(JSON.stringify(found.at(-1)));
  }
  const checks = [...rounds.tallies.values()].map((tally) => rowOf(tally, found));
  console.table(checks);
  for (const { name, findings } of rounds.tallies.values())
    for (const { at, finding } of findings)
      console.log(`${at.toISOString()} ${name}: ${finding.title}`);
  if (days === 7)
    await writeFile(new URL('week.json', import.meta.url), `${JSON.stringify(checks, null, 2)}\n`);
} finally {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

/** One row of the table. */
function rowOf({ name, runs, skipped, findings, ms }: CheckTally, found: Found[]) {
  const planted = faults.filter((fault) => {
    const { bot, check } = finderOf(fault);
    return `${bot}.${check}` === name;
  });
  const caught = found.filter(
    ({ fault, minutes }) => minutes !== null && planted.some((each) => each.name === fault),
  );
  return {
    check: name,
    runs,
    skipped: [...skipped.values()].reduce((sum, times) => sum + times, 0),
    false_findings: findings.length,
    planted: planted.length,
    found: caught.length,
    minutes: caught.length > 0 ? Math.max(...caught.map(({ minutes }) => minutes!)) : null,
    also_found_by: [...new Set(caught.flatMap(({ others }) => others))],
    ms_a_run: Math.round((10 * ms) / runs) / 10,
  };
}
