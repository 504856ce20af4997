/** What of a soak is kept: small enough to be read, and enough to be judged and drawn again. */
import { judgeAll, totalOf } from './judge.ts';
import type { Day, QueriesOfDay, Soak } from './year.ts';

/** Tables below this size are not listed. */
const minBytes = 250_000;
/** Of how many days each the tables are listed. */
const daysEach = 7;

export function summaryOf(
  { schedules, days, sequences }: Soak,
  { command, horizon, seconds }: { command: string; horizon: number; seconds: number },
) {
  const runs = days.reduce((sum, day) => sum + day.runs, 0);
  const listed = new Set(
    days.flatMap(({ tables }) =>
      tables
        .filter(({ bytes, index_bytes: indexes }) => bytes + indexes >= minBytes)
        .map(({ name }) => name),
    ),
  );
  const isListed = ({ day }: Day) => day === 1 || day === days.length || day % daysEach === 0;
  return {
    command,
    schedules,
    seconds: Math.round(seconds),
    runs,
    horizon,
    growth: judgeAll(days, horizon).filter(({ now }) => now >= minBytes),
    sequences: sequences.filter(({ used }) => used > 0),
    days: days.map(
      ({
        day,
        runs,
        claim_ms,
        run_ms,
        rss,
        heap,
        heap_kept: kept,
        wal_bytes,
        wal_images,
        tables,
      }) => ({
        day,
        runs,
        claim_ms,
        run_ms,
        rss_mb: rss,
        heap_mb: heap,
        ...(kept !== undefined && { heap_kept_mb: kept }),
        wal_bytes,
        wal_images,
        bytes: totalOf([{ tables } as Day])[0]!,
        dead: tables.reduce((sum, { dead }) => sum + dead, 0),
      }),
    ),
    queries: days.flatMap(({ day, queries }): QueriesOfDay[] =>
      queries ? [{ day, queries }] : [],
    ),
    tables: days.filter(isListed).map(({ day, tables }) => ({
      day,
      tables: tables
        .filter(({ name }) => listed.has(name))
        .map(({ name, bytes, index_bytes: indexes, live, dead }) => [
          name,
          bytes,
          indexes,
          live,
          dead,
        ]),
    })),
  };
}
