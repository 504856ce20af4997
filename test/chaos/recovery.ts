/** Which fault hit which attempt, and how long it took until the run was running again. */
import type { Attempt } from './attempts.ts';
import type { Written } from './audit.ts';
import type { Life } from './crew.ts';
import type { Made } from './director.ts';
import type { Kind } from './plan.ts';

/** Something that hit a post, or everybody (null). */
export interface Hit {
  /** hits of one fault share it: a kill, and the end of the process that it killed */
  fault: number;
  /** whether it can keep a worker from renewing leases */
  lease: boolean;
  post: string | null;
  from: number;
  to: number;
}

/** These cost no run its attempt: schedulers carry none, entries and slots are no attempts. */
const harmless = new Set<Kind>([
  'kill scheduler',
  'stop scheduler',
  'restart scheduler',
  'set slots back',
  'flush',
]);

/** Nor do these cost a lease, which a worker renews in PostgreSQL: at most they cost the attempt its check. */
const sparing = new Set<Kind>(['kill child', 'freeze Redis', 'restart Redis']);

/** A lease runs out, and rescue comes, this much later at most. */
const aftermathMs = 7_000;

/** The faults that can cost an attempt, and the processes that they, or a bot of theirs, ended. */
export function hitsOf(made: Made[], lives: Life[]): Hit[] {
  const costly = made.filter(({ kind, missed }) => missed === null && !harmless.has(kind));
  const ends = lives.filter(({ endedAt }) => endedAt !== null);
  return [
    ...costly.map(({ kind, target, began, ended }, fault) => ({
      fault,
      lease: !sparing.has(kind),
      post: target,
      from: began,
      to: ended,
    })),
    ...ends.map(({ post, endedAt, endedFor }, index) => {
      const cause = costly.findLastIndex(
        ({ target, kind, began }) => target === post.name && kind === endedFor && began <= endedAt!,
      );
      const fault = cause >= 0 ? cause : costly.length + index;
      return { fault, lease: true, post: post.name, from: endedAt! - 50, to: endedAt! };
    }),
  ];
}

const hitting = (hits: Hit[], { post, from, to }: Attempt): Hit[] =>
  hits.filter(
    (hit) =>
      (hit.post === null || hit.post === post) && hit.from <= to && hit.to + aftermathMs >= from,
  );

/** Further attempts of well-behaved runs that no fault accounts for; one fault accounts for one. */
export function unexplained(attempts: Attempt[], hits: Hit[], isUnruly: (bot: string) => boolean) {
  const further = attempts.filter(
    ({ bot, againAt, reason }) => againAt !== null && reason !== 'given back' && !isUnruly(bot),
  );
  return [...Map.groupBy(further, ({ run }) => run)].flatMap(([run, lost]) => {
    const each = lost.map((attempt) => ({ attempt, mine: hitting(hits, attempt) }));
    const faults = new Set(each.flatMap(({ mine }) => mine.map(({ fault }) => fault)));
    const unhit = each.filter(({ mine }) => mine.length === 0);
    if (unhit.length === 0 && lost.length > faults.size)
      return [`run ${run}: ${lost.length} further attempts, and ${faults.size} faults that hit it`];
    return unhit.map(
      ({ attempt: { post, from, to, reason } }) =>
        `run ${run}: another attempt after ${post} lost it (${reason}), and no fault had hit it from ${new Date(from).toISOString()} to ${new Date(to).toISOString()}`,
    );
  });
}

/**
 * Milliseconds from the first fault that can have cost a run its lease to its next start. Time in which a server was
 * away for everybody does not count, where it went away before the run had to be running again; nor does time in
 * which another run of its bot was in its place, of which each bot has one here.
 */
export function recoveries(attempts: Attempt[], hits: Hit[], made: Made[]): number[] {
  const outages = outagesOf(made);
  const byBot = Map.groupBy(attempts, ({ bot }) => bot);
  return attempts.flatMap((attempt) => {
    const { run, bot, againAt, from, to, reason } = attempt;
    if (reason !== 'worker lost' || againAt === null) return [];
    const mine = hitting(hits, attempt).filter(
      (hit) => hit.lease && hit.to >= from && hit.from <= to,
    );
    const own = mine.filter((hit) => hit.post !== null);
    const [cause] = (own.length > 0 ? own : mine).toSorted((a, b) => a.from - b.from);
    if (!cause) return [];
    const since = endOfOutage(outages, Math.max(cause.from, from), againAt);
    const others = byBot.get(bot)!.filter((other) => other.run !== run);
    return [againAt - since - taken(others, since, againAt)];
  });
}

/** How long one of them was running in this time. */
const taken = (others: Attempt[], since: number, until: number): number =>
  others.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.min(to, until) - Math.max(from, since)),
    0,
  );

const outagesOf = (made: Made[]) =>
  made
    .filter(({ kind, missed }) => missed === null && /^restart (Postgres|Redis)$/.test(kind))
    .toSorted((a, b) => a.began - b.began);

/**
 * The moment itself, or the end of the last outage that was in the way of the recovery from it. One that began
 * when that had to be over already excuses nothing.
 */
const endOfOutage = (outages: Made[], at: number, until: number): number =>
  outages.reduce(
    (moment, { began, ended }) =>
      began <= Math.min(until, moment + aftermathMs) && ended > moment
        ? Math.min(ended, until)
        : moment,
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
      const isTaken = taken(byBot.get(before.bot) ?? [], began, after.at) > 0;
      // One that began while the outage lasted did not have to recover from it.
      const recovered = Math.max(0, after.at - endOfOutage(outages, ended, after.at));
      return isTaken ? [] : [recovered];
    }),
  );
}
