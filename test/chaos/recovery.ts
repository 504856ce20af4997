/** Which fault hit which attempt, and how long it took until the run was running again. */
import type { Attempt } from './attempts.ts';
import type { Written } from './audit.ts';
import type { Life } from './crew.ts';
import type { Made } from './director.ts';

/** Something that hit a post, or everybody (null). */
export interface Hit {
  post: string | null;
  from: number;
  to: number;
}

/** A lease runs out, and rescue comes, this much later at most. */
const aftermathMs = 7_000;

/** The faults, and the processes that a bot of theirs ended. */
export const hitsOf = (made: Made[], lives: Life[]): Hit[] => [
  ...made
    .filter(({ missed }) => missed === null)
    .map(({ target, began, ended }) => ({ post: target, from: began, to: ended })),
  ...lives
    .filter(({ endedAt }) => endedAt !== null)
    .map(({ post, endedAt }) => ({ post: post.name, from: endedAt! - 50, to: endedAt! })),
];

const hitting = (hits: Hit[], { post, from, to }: Attempt): Hit[] =>
  hits.filter(
    (hit) =>
      (hit.post === null || hit.post === post) && hit.from <= to && hit.to + aftermathMs >= from,
  );

/** Further attempts of well-behaved runs that no fault accounts for. */
export function unexplained(attempts: Attempt[], hits: Hit[], isUnruly: (bot: string) => boolean) {
  return attempts
    .filter(({ againAt, reason }) => againAt !== null && reason !== 'given back')
    .filter((attempt) => !isUnruly(attempt.bot) && hitting(hits, attempt).length === 0)
    .map(
      ({ run, post, from, to, reason }) =>
        `run ${run}: another attempt after ${post} lost it (${reason}), and no fault had hit it from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`,
    );
}

/**
 * Milliseconds from the fault that cost a run its attempt to its next start. Time in which a server was
 * away for everybody does not count.
 */
export function recoveries(attempts: Attempt[], hits: Hit[], made: Made[]): number[] {
  const outages = outagesOf(made);
  return attempts.flatMap((attempt) => {
    const { againAt, from, to, reason } = attempt;
    if (reason !== 'worker lost' || againAt === null) return [];
    const mine = hitting(hits, attempt).filter((hit) => hit.to >= from && hit.from <= to);
    const own = mine.filter((hit) => hit.post !== null);
    const [cause] = (own.length > 0 ? own : mine).toSorted((a, b) => a.from - b.from);
    if (!cause) return [];
    return [againAt - endOfOutage(outages, Math.max(cause.from, from), againAt)];
  });
}

const outagesOf = (made: Made[]) =>
  made
    .filter(({ kind, missed }) => missed === null && /^restart (Postgres|Redis)$/.test(kind))
    .toSorted((a, b) => a.began - b.began);

/** The moment itself, or the end of the last outage between it and `until`. */
const endOfOutage = (outages: Made[], at: number, until: number): number =>
  outages.reduce(
    (moment, { began, ended }) =>
      began <= until && ended > moment ? Math.min(ended, until) : moment,
    at,
  );

/**
 * Milliseconds from each loss of the queue until the runs that waited in it, with a place free for
 * them, were running.
 */
export function queueRecoveries(written: Written[], attempts: Attempt[], made: Made[]): number[] {
  const losses = made.filter(
    ({ kind, missed }) => missed === null && /^(flush|restart Redis)$/.test(kind),
  );
  const outages = outagesOf(made);
  const byRun = Map.groupBy(written, ({ run }) => run);
  const byBot = Map.groupBy(attempts, ({ bot }) => bot);
  return losses.flatMap(({ began, ended }) =>
    [...byRun.values()].flatMap((rows) => {
      const before = rows.findLast(({ at }) => at < began);
      const waits =
        before?.status === 'queued' && (before.reason === null || before.reason === 'worker lost');
      if (!waits) return [];
      const after = rows.find(({ at, status }) => at >= began && status === 'running');
      if (!after) return [];
      // Another run of its bot was in its place.
      const taken = byBot.get(before.bot)?.some(({ from, to }) => from < after.at && to > began);
      return taken ? [] : [after.at - endOfOutage(outages, ended, after.at)];
    }),
  );
}
