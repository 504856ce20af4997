/**
 * `npm run bench:backup`: a backup of a database of 1 GB, without and with its proof: how long, how much memory of its process, and
 * how many times as long as COPY of the same table into a reader that throws the rows away. PostgreSQL (with fsync) and everything else run on
 * the same machine. Goals: written within 2 minutes, with at most 200 MiB. BENCH_SIZE=small only shows that it runs.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { to as copyTo } from 'pg-copy-streams';
import { connect, connectAlone } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { administer } from '../support/postgres.ts';
import { inWords, isSmall, sized } from './size.ts';

const rows = sized(4_600_000, 20_000);
const tables = 2;
const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));
const goals = { seconds: 120, mebibytes: 200 };

const directory = await mkdtemp(join(tmpdir(), 'roundsman-bench-'));
await chmod(directory, 0o755);
const folder = await mkdtemp(join(tmpdir(), 'roundsman-bench-backups-'));
const server = await startThrowaway(directory, { fsync: true });

/** Seconds that COPY of the tables takes, one after the other, into a reader that counts bytes. */
async function bareCopy(): Promise<number> {
  const client = await connectAlone(server.url, { name: 'roundsman bench', statementTimeoutMs: 0 });
  const began = performance.now();
  let bytes = 0;
  for (let table = 1; table <= tables; table += 1)
    for await (const chunk of client.query(copyTo(`COPY public.bench_${table} TO STDOUT`)))
      bytes += (chunk as Buffer).length;
  await client.end();
  if (bytes < rows * 100) throw new Error(`COPY gave only ${bytes} bytes`);
  return (performance.now() - began) / 1000;
}

interface Made {
  seconds: number;
  /** resident memory of the process at most; null where the system has no /proc */
  mebibytes: number | null;
  /** of the file */
  bytes: number;
}

/** Runs the command that people run, so that the memory is that of its process. */
async function backup(prove: boolean): Promise<Made> {
  const began = performance.now();
  const child = spawn(
    process.execPath,
    [bin, 'db', 'backup', '--to-folder', folder, '--json', ...(prove ? [] : ['--no-proof'])],
    {
      env: { PATH: process.env.PATH, DATABASE_URL: server.url },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let peak: number | null = null;
  // The system keeps the peak itself, until the process has ended.
  const timer = setInterval(() => {
    const status = existsSync('/proc/self') ? readStatus(child.pid!) : '';
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB/m.exec(status) ?? [];
    if (kibibytes !== undefined) peak = Number(kibibytes) / 1024;
  }, 50);
  const ended = once(child, 'exit');
  const said = await text(child.stdout);
  const [code] = (await ended) as [number | null];
  clearInterval(timer);
  if (code !== 0) throw new Error(`the backup ended with ${code}: ${said}`);
  const { bytes } = JSON.parse(said) as { bytes: number };
  return { seconds: (performance.now() - began) / 1000, mebibytes: peak, bytes };
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

let isMissed = false;
try {
  const db = connect(server.url);
  await migrateToLatest(db);
  for (let table = 1; table <= tables; table += 1)
    await administer(
      server.url,
      `CREATE TABLE public.bench_${table} AS
         SELECT n AS id, md5(n::text) AS a, md5((n * 7)::text) AS b, 'a line of a log that says what happened to request ' || n AS line, now() AS at
         FROM generate_series(1, ${Math.floor(rows / tables)}) n`,
      `ALTER TABLE public.bench_${table} ADD PRIMARY KEY (id)`,
    );
  await administer(server.url, 'VACUUM ANALYZE');
  const { rows: sizes } = await sql<{
    bytes: string;
  }>`SELECT pg_database_size(current_database()) AS bytes`.execute(db);
  const megabytes = Number(sizes[0]!.bytes) / 1e6;
  console.log(
    `a database of ${megabytes.toFixed(0)} MB with ${inWords(rows)} rows; ${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}`,
  );
  await bareCopy();
  const bare = await bareCopy();
  console.log(`COPY into a bare reader: ${bare.toFixed(1)} s`);
  for (const prove of [false, true]) {
    const made = await backup(prove);
    const ratio = made.seconds / bare;
    const isOver =
      (made.mebibytes ?? 0) > goals.mebibytes || (!prove && made.seconds > goals.seconds);
    isMissed ||= !isSmall && isOver;
    console.log(
      `${prove ? 'written and proven' : 'written'}: ${made.seconds.toFixed(1)} s, ${ratio.toFixed(1)} times the bare reader, ` +
        `${made.mebibytes?.toFixed(0) ?? 'an unknown number of'} MiB at most, a file of ${(made.bytes / 1e6).toFixed(1)} MB` +
        (isSmall ? '; no goal was judged' : isOver ? '; over its goal' : ''),
    );
  }
  await db.destroy();
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = isMissed ? 1 : 0;
