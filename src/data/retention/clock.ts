/**
 * Whether the database's clock may be trusted to say how old rows are. A clock that is set a year ahead by mistake makes all of them
 * old at once, and what was removed by it cannot be brought back.
 */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** The fewest days that an age may have: what a smaller jump makes old too early is less than that. */
const maxGapDays = 3;
/** For how long the clock has to go on evenly after a jump, so that people have the time to notice it. */
const evenDays = 3;

/**
 * Why nothing may be removed by age now, as a text for a person; null where the clock may be trusted. The evidence is when runs of jobs
 * were asked for, by the same clock: after a gap of more than three days it is not known whether nothing ran for so long, or the clock
 * was set ahead. Either way the age of rows counts again three days after the gap. Runs with a time in the future, which a clock that
 * was set back leaves, are no evidence. The job `tidy` always keeps the newest ten runs of each job, those of daily ones included, so
 * that the time before a gap is still known when these three days are over.
 */
export async function whyClockUnsure(db: Db): Promise<string | null> {
  const { rows } = await sql<{ before: Date; after: Date; until: Date }>`
    WITH now AS (SELECT engine.now() AS at), seen AS (
      SELECT r.queued_at AS at FROM engine.job_runs r, now WHERE r.queued_at < now.at UNION SELECT at FROM now
    ), gaps AS (SELECT at AS after, lag(at) OVER (ORDER BY at) AS before FROM seen)
    SELECT before, after, after + make_interval(days => ${evenDays}) AS until FROM gaps, now
    WHERE after - before > make_interval(days => ${maxGapDays}) AND after + make_interval(days => ${evenDays}) > now.at
    ORDER BY after DESC LIMIT 1`.execute(db);
  const [gap] = rows;
  if (gap === undefined) return null;
  const [before, after, until] = [gap.before, gap.after, gap.until].map((at) => at.toISOString());
  return `nothing is known of the time from ${before} to ${after}: nothing ran, or the clock of the database was set ahead; removing begins again at ${until}`;
}
