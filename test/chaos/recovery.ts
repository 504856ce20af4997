/** Finds out which fault hit which attempt, and how long it took until the run was running again. */
import type { Attempt } from './attempts.ts';
import type { RunWrite } from './audit.ts';
import type { Life } from './crew.ts';
import type { MadeFault } from './make-faults.ts';
import type { Kind } from './plan.ts';

/** A fault, or the end of a process, that hit a post (null: all posts). */
export interface Hit {
  /** the number of the fault; a kill and the end of the process that it killed have the same number */
  fault: number;
  /** whether it can keep a worker from renewing leases */
  lease: boolean;
  post: string | null;
  from: number;
  to: number;
}

/** Faults that end no attempt of a run: schedulers execute no runs, and losing entries or slots ends no attempt. */
const harmless = new Set<Kind>([
  'kill scheduler',
  'stop scheduler',
  'restart scheduler',
  'set slots back',
  'flush',
]);

/** Faults that end no lease, because a worker renews leases in PostgreSQL. At most, they make a check fail. */
const keepsLease = new Set<Kind>(['kill child', 'freeze Redis', 'restart Redis']);

/** The longest time from a fault until the lease has run out and rescue has come. */
const maxDelayMs = 7_000;

/** The faults that can end an attempt, and the ends of processes, by a fault or by a bot. */
export function hitsOf(made: MadeFault[], lives: Life[]): Hit[] {
  const costly = made.filter(({ kind, missed }) => missed === null && !harmless.has(kind));
  const ends = lives.filter(({ endedAt }) => endedAt !== null);
  return [
    ...costly.map(({ kind, target, began, ended }, fault) => ({
      fault,
      lease: !keepsLease.has(kind),
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

const hitsOn = (hits: Hit[], { post, from, to }: Attempt): Hit[] =>
  hits.filter(
    (hit) =>
      (hit.post === null || hit.post === post) && hit.from <= to && hit.to + maxDelayMs >= from,
  );

/** Further attempts of runs (not of unruly bots) that no fault explains; one fault explains one further attempt. */
export function unexplainedAttempts(
  attempts: Attempt[],
  hits: Hit[],
  isUnruly: (bot: string) => boolean,
) {
  const further = attempts.filter(
    ({ bot, againAt, reason }) => againAt !== null && reason !== 'given back' && !isUnruly(bot),
  );
  return [...Map.groupBy(further, ({ run }) => run)].flatMap(([run, lost]) => {
    const each = lost.map((attempt) => ({ attempt, mine: hitsOn(hits, attempt) }));
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
 * For each lost run: the milliseconds from the first fault that can have ended its lease to its next start. Time in which
 * a server was away does not count, if the server went away before the run had to be running again. Nor does time count in
 * which another run of the same bot was running, because here each bot has only one place.
 */
export function recoveryTimes(attempts: Attempt[], hits: Hit[], made: MadeFault[]): number[] {
  const outages = outagesOf(made);
  const byBot = Map.groupBy(attempts, ({ bot }) => bot);
  return attempts.flatMap((attempt) => {
    const { run, bot, againAt, from, to, reason } = attempt;
    if (reason !== 'worker lost' || againAt === null) return [];
    const mine = hitsOn(hits, attempt).filter(
      (hit) => hit.lease && hit.to >= from && hit.from <= to,
    );
    const own = mine.filter((hit) => hit.post !== null);
    const [cause] = (own.length > 0 ? own : mine).toSorted((a, b) => a.from - b.from);
    if (!cause) return [];
    const since = endOfOutage(outages, Math.max(cause.from, from), againAt);
    const others = byBot.get(bot)!.filter((other) => other.run !== run);
    return [againAt - since - otherRunMs(others, since, againAt)];
  });
}

/** How long one of these attempts was running in this time, in ms. */
const otherRunMs = (others: Attempt[], since: number, until: number): number =>
  others.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.min(to, until) - Math.max(from, since)),
    0,
  );

const outagesOf = (made: MadeFault[]) =>
  made
    .filter(({ kind, missed }) => missed === null && /^restart (Postgres|Redis)$/.test(kind))
    .toSorted((a, b) => a.began - b.began);

/**
 * The time from which a recovery counts: `at`, or the end of the last outage that delayed the recovery. An outage that
 * began when the recovery had to be over does not count.
 */
const endOfOutage = (outages: MadeFault[], at: number, until: number): number =>
  outages.reduce(
    (moment, { began, ended }) =>
      began <= Math.min(until, moment + maxDelayMs) && ended > moment
        ? Math.min(ended, until)
        : moment,
    at,
  );

/**
 * For each loss of the queue, and each run that waited in it and had a free place: the milliseconds from the loss until
 * the run was running.
 */
export function queueRecoveryTimes(
  written: RunWrite[],
  attempts: Attempt[],
  made: MadeFault[],
): number[] {
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
      // Another run of the bot had the place.
      const isTaken = otherRunMs(byBot.get(before.bot) ?? [], began, after.at) > 0;
      // A run that began during the outage did not have to recover from it.
      const recovered = Math.max(0, after.at - endOfOutage(outages, ended, after.at));
      return isTaken ? [] : [recovered];
    }),
  );
}
