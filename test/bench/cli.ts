/**
 * `npm run bench:cli`: how much CPU a command takes, on 1,000 tickets and as many runs: the least of 10 starts, user and
 * system together, beside a bare Node in the same rounds; from the files that bundle.js wrote and from the sources. Wall time on a
 * shared machine is noise. The goal is 200 ms for what reads. BENCH_SIZE=small only shows that each command runs.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { connect } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { inWords, isSmall, sized } from './size.ts';

const goalMs = 200;
const rows = sized(1_000, 10);
const starts = sized(10, 1);
const root = fileURLToPath(new URL('../../', import.meta.url));
const ofBin = (name: string) => new URL(`../../src/bin/${name}`, import.meta.url);
const fromBundle = [fileURLToPath(ofBin('roundsman.js'))];

/** Starts a command as roundsman.js does where there is no bundle, which stays in its place meanwhile. */
const fromSources = [
  '--input-type=module',
  '-e',
  `const { useCompileCache } = await import('${ofBin('compile-cache.ts')}');
   useCompileCache();
   const { main } = await import('${ofBin('cli.ts')}');
   await main([process.execPath, 'roundsman', ...process.argv.slice(1)]);`,
  '--',
];

const reads = ['tickets list', 'runs list', 'bots list', 'status'];
/** `bots show` and `doctor` load the catalogue's bots, too, and doctor tries connections: they have no goal. */
const commands = [...reads, 'bots show bot-1', 'doctor', '--help'];

/** Tells at the end of a process how much CPU it took, in µs. */
const meter = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    writeSync(2, '\\ncpu=' + (user + system));
  });`)}`;

/** ms of CPU of one start; throws when the command fails. */
function cpuOf(args: string[], url: string): number {
  const { status, stderr } = spawnSync(process.execPath, ['--import', meter, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: url, REDIS_URL: '' },
  });
  const cpu = /cpu=(\d+)$/.exec(stderr)?.[1];
  // status and doctor have something to tell: bots, and nothing that runs them.
  if (!cpu || status === null || ![0, 1, 6].includes(status))
    throw new Error(`${args.join(' ')}: ${stderr}`);
  return Number(cpu) / 1_000;
}

async function plant(db: ReturnType<typeof connect>): Promise<void> {
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
    SELECT 'bot-' || n, 'Bot', '0 0 * * 1', '/api/bots/none' FROM generate_series(1, 10) n`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_executions (bot_id, status, trigger, started_at, queued_at, completed_at, execution_time_ms)
    SELECT b.id, 'success', 'manual', now() - n * interval '1 minute', now(), now(), n
    FROM generate_series(1, ${rows}::int) n JOIN bots b ON b.name = 'bot-' || (1 + n % 10)`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_tickets (bot_id, fingerprint, severity, title, description)
    SELECT b.id, 'f' || n, 'high', 'part ' || n || ' is broken', 'it does not answer'
    FROM generate_series(1, ${rows}::int) n JOIN bots b ON b.name = 'bot-' || (1 + n % 10)`.execute(
    db,
  );
}

/** The least of each, measured in turn, so that a slow minute is one for all. */
function least(url: string, start: string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (let i = 0; i <= starts; i += 1)
    for (const name of ['bare Node', ...commands]) {
      const args = name === 'bare Node' ? ['-e', '0'] : [...start, ...name.split(' ')];
      const ms = cpuOf(args, url);
      // The first one compiles, and fills the cache.
      if (i > 0) found.set(name, Math.min(ms, found.get(name) ?? Infinity));
    }
  return found;
}

const built = spawnSync(process.execPath, [join(root, 'src/bin/bundle.js')], { encoding: 'utf8' });
if (!existsSync(join(root, '.commands'))) throw new Error(`there is no bundle: ${built.stderr}`);
const server = await startThrowaway(await mkdtemp(join(tmpdir(), 'roundsman-bench-')), {
  fsync: false,
});
const db = connect(server.url, { name: 'roundsman bench' });
try {
  await migrateToLatest(db);
  await plant(db);
  const quick = least(server.url, fromBundle);
  const slow = least(server.url, fromSources);
  const bare = Math.min(quick.get('bare Node')!, slow.get('bare Node')!);
  console.log(
    `CPU of a start on ${inWords(rows)} tickets and runs, the least of ${starts}; bare Node ${bare.toFixed(0)} ms\n\n| command | ms | times bare Node | from the sources | times bare Node | goal |\n|---|---|---|---|---|---|`,
  );
  for (const name of commands) {
    const [ms, sources] = [quick.get(name)!, slow.get(name)!];
    const judged =
      isSmall || !reads.includes(name) ? '' : ms <= goalMs ? `within ${goalMs} ms` : 'MISSED';
    console.log(
      `| ${name} | ${ms.toFixed(0)} | ${(ms / bare).toFixed(1)} | ${sources.toFixed(0)} | ${(sources / bare).toFixed(1)} | ${judged} |`,
    );
    if (judged === 'MISSED') process.exitCode = 1;
  }
} finally {
  await db.destroy();
  await server.stop();
}
