import { sql, type Transaction } from 'kysely';
import { LostRunError, leaseSeconds, type Fenced } from '../../data/bots/fence.ts';
import type { Database, Db } from '../../database/connect.ts';

/**
 * One transaction of a run of a job: locks the run's row first and goes on only while the run is still running under
 * this fence. Otherwise throws {@link LostRunError}, and nothing was written. While the row is locked, only this
 * transaction can renew the lease, so a long transaction renews it at its end.
 */
export const underJobFence = <Result>(
  db: Db,
  { id, fence }: Fenced,
  write: (trx: Transaction<Database>) => Promise<Result>,
): Promise<Result> =>
  db.transaction().execute(async (trx) => {
    const { rows } = await sql`
      SELECT FROM engine.job_runs WHERE id = ${id} AND fence = ${fence} AND status = 'running'
      FOR NO KEY UPDATE`.execute(trx);
    if (rows.length === 0) throw new LostRunError({ id, fence });
    const result = await write(trx);
    await sql`
      UPDATE engine.job_runs SET lease_until = engine.now() + make_interval(secs => ${leaseSeconds})
      WHERE id = ${id}`.execute(trx);
    return result;
  });
