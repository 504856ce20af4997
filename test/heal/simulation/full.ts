/**
 * `node test/heal/simulation/full.ts [--seeds 10] [--first 1] [--incidents 2000] [--at-once 2] [--keep DIR] [--dry]`: the
 * whole simulation, beside the earlier rule on the same faults, with so many seeds from the first one on. Writes its tables and its plot into docs/, unless
 * it is a dry run. With a directory to keep results in, one that was broken off goes on where it was. Exit code 1
 * when a cure ended where its evidence should not have led.
 */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { administer, inDatabase, startPostgres, template } from '../../support/postgres.ts';
import { allKinds, cures } from './cures.ts';
import { earlierRule } from './earlier-rule.ts';
import { missed } from './expected.ts';
import { allIncidentsOf } from './incidents.ts';
import { plot } from './plot.ts';
import { simulate } from './simulate.ts';
import { comparison, fates, loops, type Pair } from './table.ts';

const { values: given } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10' },
    first: { type: 'string', default: '1' },
    incidents: { type: 'string', default: '2000' },
    'at-once': { type: 'string', default: '2' },
    keep: { type: 'string' },
    dry: { type: 'boolean', default: false },
  },
});
const seeds = Number(given.seeds);
const first = Number(given.first);
const incidents = Number(given.incidents);

const docs = new URL('../../../docs/', import.meta.url);
const marks = { begin: '<!-- simulation: begin -->', end: '<!-- simulation: end -->' };

const directory = await mkdtemp(join(tmpdir(), 'roundsman-simulation-'));
// PostgreSQL does not run as root: another user has to be able to enter this folder.
await chmod(directory, 0o755);
const server = await startPostgres(directory);

/** One seed on a database of its own: any number of them may go on at once. */
async function one(seed: number): Promise<Pair> {
  const name = `simulation_${seed}`;
  await administer(server.url, `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
  const ours = await simulate(inDatabase(server.url, name), { seed, incidents });
  await administer(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
  const { days, seconds, rounds } = ours;
  console.error(
    `seed ${seed}: ${days.toFixed(0)} days and ${rounds} runs in ${seconds.toFixed(0)} s, ` +
      `${(incidents / seconds).toFixed(1)} faults/s`,
  );
  for (const line of missed(ours, cures)) console.error(line);
  return { ours, earlier: earlierRule(allIncidentsOf(seed, incidents, allKinds)) };
}

/** As it was kept, or made and kept now. */
async function kept(seed: number): Promise<Pair> {
  if (!given.keep) return one(seed);
  const file = join(given.keep, `seed-${seed}-${incidents}.json`);
  const before = await readFile(file, 'utf8').catch(() => null);
  if (before !== null) return JSON.parse(before) as Pair;
  const pair = await one(seed);
  await mkdir(given.keep, { recursive: true });
  await writeFile(file, JSON.stringify(pair));
  return pair;
}

/** In the order of the seeds. */
async function all(): Promise<Pair[]> {
  const pairs: Pair[] = [];
  let next = 0;
  async function carry() {
    for (let at = next++; at < seeds; at = next++) pairs[at] = await kept(first + at);
  }
  await Promise.all(Array.from({ length: Number(given['at-once']) }, carry));
  return pairs;
}

try {
  const pairs = await all();
  // Of those at once, so that it is right for kept ones too.
  const minutes =
    pairs.reduce((total, { ours }) => total + ours.seconds, 0) / 60 / Number(given['at-once']);
  const perSecond = (seeds * incidents) / minutes / 60;
  const days = pairs.reduce((total, { ours }) => total + ours.days, 0) / seeds;
  const wrong = pairs.flatMap(({ ours }) => missed(ours, cures));
  const text = [
    `\`node test/heal/simulation/full.ts --seeds ${seeds} --first ${first} --incidents ${incidents}\`: ${days.toFixed(0)} days a seed, in ` +
      `about ${minutes.toFixed(0)} minutes for all of it (${perSecond.toFixed(1)} faults a second).`,
    comparison(pairs),
    fates(pairs),
    loops(pairs),
    wrong.length === 0
      ? 'Every cure ended where its evidence should have led it, in every seed.'
      : [
          'Where the evidence led elsewhere than it should have:',
          '',
          ...wrong.map((line) => `- ${line}`),
        ].join('\n'),
  ].join('\n\n');
  console.log(text);
  if (!given.dry) {
    const file = new URL('healing.md', docs);
    const before = await readFile(file, 'utf8');
    const [head, rest] = before.split(marks.begin) as [string, string];
    const foot = rest.split(marks.end)[1]!;
    await writeFile(file, `${head}${marks.begin}\n\n${text}\n\n${marks.end}${foot}`);
    const ours = pairs.map(({ ours }) => ours.ours);
    const earlier = pairs.map((pair) => pair.earlier.tally);
    await writeFile(new URL('healing.svg', docs), plot(ours, earlier, incidents));
  }
  process.exitCode = wrong.length > 0 ? 1 : 0;
} finally {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
