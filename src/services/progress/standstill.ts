/** Needs because something has stopped: processes, runs, jobs or bots. */
import { byNumber, counted } from '../../ground/text.ts';
import type { Node } from '../../data/bots/engine.ts';
import {
  botsThatAre,
  fullInWords,
  fullPlaces,
  schedulersOf,
  workersOf,
  type Facts,
} from './facts.ts';
import { ago, oldestAgeInWords, type Need } from './need.ts';

/**
 * The needs of an installation in which something does not move. Not for a database that takes no writes: that explains all of
 * them.
 */
export const standstill = (facts: Facts): (Need | null)[] => [
  processesGone(facts),
  runsWaiting(facts),
  runsLost(facts),
  jobsStalled(facts),
  botsUnchecked(facts),
  botsOverdue(facts),
];

/**
 * How long a process that has just started may need for what waited while no process was alive; what still waits after that has
 * stopped. This is shorter than the time for which a killed process counts as alive (`nodeTimeoutSeconds`): so a process that is
 * killed and started again and again does not hide the need.
 */
const startMs = 15_000;

/** Whether one of these processes has been alive for long enough to take up what waits. */
const hasHadTime = (nodes: Node[], { now }: Facts): boolean =>
  nodes.some(({ started_at }) => now.getTime() - started_at.getTime() >= startMs);

const waitsInWords = (facts: Facts): string => {
  const { count, since } = facts.waiting;
  return `${counted(count, 'due run')} ${byNumber(count, 'waits', 'wait')}${oldestAgeInWords(count, since, facts)}`;
};
const overdueInWords = (facts: Facts): string =>
  `${counted(facts.overdue.all, 'bot')} overdue${oldestAgeInWords(facts.overdue.all, facts.overdue.since, facts)}`;

/** The scheduler, the worker, or both are missing while there is work for them. */
function processesGone(facts: Facts): Need | null {
  const { nodes, overdue, waiting } = facts;
  const active = botsThatAre(facts, 'active');
  const noScheduler = schedulersOf(nodes).length === 0 && active > 0;
  const noWorker = workersOf(nodes).length === 0 && active + waiting.count > 0;
  if (!noScheduler && !noWorker) return null;
  const follows = [
    noScheduler && `${counted(active, 'active bot')} ${byNumber(active, 'does', 'do')} not run`,
    noScheduler && overdue.all > 0 && overdueInWords(facts),
    noWorker && waiting.count > 0 && waitsInWords(facts),
    noWorker && !noScheduler && waiting.count === 0 && 'queued runs are not carried out',
  ];
  const who = [noScheduler && 'no scheduler', noWorker && 'no worker'].filter(Boolean);
  return {
    kind: 'processes',
    what: `${who.join(' and ')} is alive${lastSign(facts, { noScheduler, noWorker })}; ${follows.filter(Boolean).join(', ')}`,
    try:
      noScheduler && noWorker
        ? 'start both with `npx roundsman up`'
        : `start one with \`npx roundsman ${noWorker ? 'worker' : 'scheduler'}\``,
  };
}

/**
 * The last sign of life of the missing processes, in words. A process that was killed leaves its row with a heartbeat. One that was
 * stopped leaves none, but the time of its stop, and what it has written.
 */
export function lastSign(facts: Facts, gone: { noScheduler: boolean; noWorker: boolean }): string {
  const { nodes, activity } = facts;
  const silent = nodes.filter(
    ({ alive, role }) =>
      !alive &&
      ((gone.noScheduler && role !== 'worker') || (gone.noWorker && role !== 'scheduler')),
  );
  const signs = [
    ...silent.map(({ heartbeat_at }) => ['its heartbeat', heartbeat_at] as const),
    ...(gone.noScheduler
      ? ([
          ['it was stopped', activity?.scheduler_stopped_at],
          ['a slot was claimed', activity?.claimed_at],
          ['a job was queued', activity?.job_queued_at],
        ] as const)
      : []),
    ...(gone.noWorker
      ? ([
          ['it was stopped', activity?.worker_stopped_at],
          ['a run began', activity?.began_at],
          ['a run ended', activity?.ended_at],
          ['a job ended', activity?.job_ended_at],
        ] as const)
      : []),
  ].flatMap(([what, at]) => (at ? [{ what, at }] : []));
  const newest = signs.toSorted((one, other) => other.at.getTime() - one.at.getTime())[0];
  return newest ? ` (last sign of one ${ago(newest.at, facts)}: ${newest.what})` : '';
}

/**
 * Due runs that no worker takes, although one has been alive for long enough. `whereToLook` is the advice, here and in the next
 * functions.
 */
export function runsWaiting(
  facts: Facts,
  whereToLook = '`npx roundsman doctor` finds out where runs stop',
): Need | null {
  const { waiting, nodes, carried } = facts;
  if (waiting.count === 0 || !hasHadTime(workersOf(nodes), facts)) return null;
  const full = fullPlaces(nodes, carried);
  const despite = `although ${byNumber(waiting.count, 'its bot has', 'their bots have')} a free place`;
  return {
    kind: 'runs_waiting',
    what: `${waitsInWords(facts)} (${waiting.bot_executions[0]!.name}), ${despite}`,
    try: full
      ? `${fullInWords(full, nodes)}; start another worker with \`npx roundsman worker\``
      : whereToLook,
  };
}

/** Runs that lost their worker and that no process has taken over. */
export function runsLost(
  facts: Facts,
  whereToLook = '`npx roundsman doctor` says which are alive',
): Need | null {
  const { count, since: at, bot_executions } = facts.lost;
  if (count === 0) return null;
  return {
    kind: 'runs_lost',
    what: `${counted(count, 'run')} left behind by ${byNumber(count, 'its worker', 'their workers')} and not taken over${oldestAgeInWords(count, at, facts)} (${bot_executions[0]!.name})`,
    try: `every process of the engine takes over lost runs, so look at their logs; ${whereToLook}`,
  };
}

/** Runs of jobs that no worker executes, although one has been alive for long enough. */
function jobsStalled(facts: Facts): Need | null {
  const { count, since: at, first } = facts.stalledJobs;
  if (count === 0 || !hasHadTime(workersOf(facts.nodes), facts)) return null;
  return {
    kind: 'jobs_stalled',
    what: `${counted(count, 'run')} of jobs ${byNumber(count, 'does', 'do')} not go on${oldestAgeInWords(count, at, facts)} (${first})`,
    try: 'a worker whose version knows the job executes it; `npx roundsman doctor` says which processes are alive, and their logs say why rescue fails',
  };
}

/** Bots whose runs perform no check: their children do not start, or every check is skipped. */
function botsUnchecked(facts: Facts): Need | null {
  const { count, since: at, first } = facts.unchecked;
  if (count === 0) return null;
  return {
    kind: 'bots_unchecked',
    what: `${counted(count, 'active bot')} ${byNumber(count, 'has', 'have')} performed no check${oldestAgeInWords(count, at, facts)} (${first})`,
    try: '`npx roundsman runs list` says why they failed; `npx roundsman doctor` sends a test run through the same steps',
  };
}

/** Due bots that no scheduler claims, although one has been alive for long enough. */
export function botsOverdue(
  facts: Facts,
  whereToLook = '`npx roundsman doctor` looks closer',
): Need | null {
  const { overdue, nodes } = facts;
  if (overdue.all === 0 || !hasHadTime(schedulersOf(nodes), facts)) return null;
  return {
    kind: 'bots_overdue',
    what: overdueInWords(facts),
    try: whereToLook,
  };
}
