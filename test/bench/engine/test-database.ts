import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { administer, startPostgres } from '../../support/postgres.ts';
import { startThrowaway } from '../../../src/database/embedded/throwaway.ts';
import { median, ms, type Line } from './table.ts';
import { sized } from '../size.ts';

const rounds = sized(5, 1);

/** A test's own migrated database: a clone of the template, against a server of its own by initdb. */
export async function testDatabase(): Promise<Line> {
  const directory = await mkdtemp(join(tmpdir(), 'roundsman-bench-'));
  await chmod(directory, 0o755);
  const server = await startPostgres(directory);
  const clones: number[] = [];
  const fresh: number[] = [];
  try {
    for (let i = 0; i < rounds; i++) {
      const began = performance.now();
      await administer(
        server.url,
        `CREATE DATABASE clone_${i} TEMPLATE roundsman_template STRATEGY file_copy`,
      );
      clones.push(performance.now() - began);
      const again = performance.now();
      const other = await startThrowaway(join(directory, `fresh-${i}`), { fsync: false });
      fresh.push(performance.now() - again);
      await other.stop();
    }
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
  const [mine, theirs] = [median(clones), median(fresh)];
  return {
    what: 'test database ready, migrated',
    ours: ms(mine),
    peer: `${ms(theirs)} initdb and start, not migrated yet`,
    ratio: mine / theirs,
    goal: '0.35 x',
    met: mine / theirs <= 0.35,
  };
}
