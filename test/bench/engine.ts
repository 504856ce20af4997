/**
 * `npm run bench:engine -- [part ...]`: what schedules and runs cost, beside a peer in the same run.
 * Wall figures are noise on a shared machine; medians, CPU and the ratio are what counts. A goal that
 * is missed is printed as missed, with where the time goes. BENCH_SIZE=small only shows that each part runs.
 */
import { dueAtOnce } from './engine/due-at-once.ts';
import { lastOne, lateness, schedulerMemory } from './engine/at-work.ts';
import { growth } from './engine/growth.ts';
import { idleTick } from './engine/idle-tick.ts';
import { recording } from './engine/recording.ts';
import { startServers, type Servers } from './engine/servers.ts';
import { printTable, type Line } from './engine/table.ts';
import { testDatabase } from './engine/test-database.ts';
import { wholeRuns } from './engine/whole-runs.ts';
import { isSmall } from './size.ts';

const parts: Record<string, (servers: Servers) => Promise<Line | Line[]>> = {
  'idle-tick': ({ db }) => idleTick(db),
  'due-redis': (servers) => dueAtOnce(servers, 'redis'),
  'due-postgres': (servers) => dueAtOnce(servers, 'postgres'),
  'last-redis': (servers) => lastOne(servers, 'redis'),
  'last-postgres': (servers) => lastOne(servers, 'postgres'),
  lateness,
  recording,
  'runs-redis': (servers) => wholeRuns(servers, 'redis', 10),
  'runs-redis-50': (servers) => wholeRuns(servers, 'redis', 50),
  'runs-postgres': (servers) => wholeRuns(servers, 'postgres', 10),
  memory: schedulerMemory,
  'test-database': () => testDatabase(),
  growth,
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts);
const unknown = wanted.filter((name) => !parts[name]);
if (unknown.length > 0) {
  console.error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}

const servers = await startServers();
const lines: Line[] = [];
try {
  for (const name of wanted) {
    console.error(`measuring ${name} ...`);
    const measured = [await parts[name]!(servers)].flat();
    for (const { what, ours, peer } of measured)
      console.error(`  ${what}: ${ours} against ${peer}`);
    lines.push(...measured);
  }
} finally {
  await servers.stop();
}
if (lines.length > 0) printTable(lines);
process.exitCode = !isSmall && lines.some(({ met }) => !met) ? 1 : 0;
