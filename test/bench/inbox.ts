/**
 * `npm run bench:inbox`: what one listener takes. 1,000 signed deliveries a second for ten seconds over HTTP, to `roundsman web` in a
 * process of its own, which is killed with SIGKILL in the middle and started anew; senders try again. None that got a 202 may be missing, and
 * none may be there twice. The senders and PostgreSQL (with fsync) run on the same machine. BENCH_SIZE=small only shows that it runs.
 */
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { loadSource } from '../sources/load-scene.ts';
import { sized } from './size.ts';

const perSecond = sized(1_000, 100);
const seconds = sized(10, 2);

const directory = await mkdtemp(join(tmpdir(), 'roundsman-bench-'));
await chmod(directory, 0o755);
const server = await startThrowaway(directory, { fsync: true });
let isWrong = false;
try {
  for (const killsAt of [[], [seconds / 2]]) {
    const db = connect(server.url);
    await migrateToLatest(db);
    const { result, held, cpuMs } = await loadSource(
      { db, url: server.url },
      { perSecond, seconds, killsAt },
    );
    await db.deleteFrom('bots').where('api_endpoint', '=', 'in:alarms').execute();
    await db.deleteFrom('engine.secrets').execute();
    await db.destroy();
    const { latenciesMs, accepted, failed, seconds: took } = result;
    const at = (share: number) =>
      `${latenciesMs[Math.floor(latenciesMs.length * share)]!.toFixed(0)} ms`;
    const wrong =
      held.lost > 0 || held.rows !== held.distinct || accepted.size !== perSecond * seconds;
    isWrong ||= wrong;
    console.log(
      `${killsAt.length === 0 ? 'undisturbed' : 'killed once'}: ${accepted.size} of ${perSecond * seconds} accepted in ${took.toFixed(1)} s ` +
        `(${perSecond}/s for ${seconds} s were sent), ${held.rows} rows, ${held.lost} lost, ${held.rows - held.distinct} twice; ` +
        `${failed} sendings failed and were repeated; CPU of the listener, its start included: ${cpuMs} ms; until the 202: median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}`,
    );
  }
} finally {
  await server.stop();
}
process.exitCode = isWrong ? 1 : 0;
