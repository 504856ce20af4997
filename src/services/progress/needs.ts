/** What a person has to look at, in words: first what keeps everything from going on. */
import { healsIn } from '../../data/bots/engine.ts';
import { counted, span } from '../../ground/text.ts';
import {
  botsThatAre,
  fullInWords,
  fullPlaces,
  schedulersOf,
  workersOf,
  type Facts,
} from './facts.ts';
import { keptFromInWords } from './secrets-closed.ts';
import { readOnlyInWords, takesNoWrites } from './read-only.ts';

export interface Need {
  kind:
    | 'rows_hidden'
    | 'read_only'
    | 'processes'
    | 'runs_waiting'
    | 'runs_lost'
    | 'jobs_stalled'
    | 'bots_unchecked'
    | 'bots_overdue'
    | 'secrets_closed'
    | 'tickets_late'
    | 'tickets_urgent'
    | 'bots_in_error'
    | 'jobs_failed'
    | 'healing_off';
  /** what is wrong, how many, and since when */
  what: string;
  /** what to try: a command in backquotes, or a sentence with one */
  try: string;
}

/** `what: try`, as a list shows it. Names in it come from rows: print it as foreign text. */
export const inOneLine = (need: Need): string => `${need.what}: ${need.try}`;

/** The most urgent first; empty when a person has nothing to do. */
export function needs(facts: Facts): Need[] {
  return [
    rowsHidden(facts),
    ...(takesNoWrites(facts) ? [readOnly(facts)] : standstill(facts)),
    secretsClosed(facts),
    ticketsLate(facts),
    ticketsUrgent(facts),
    botsInError(facts),
    jobsFailed(facts),
    healingOff(facts),
  ].filter((need) => need !== null);
}

/** What does not go on; where the database takes no writes, that alone is why. */
const standstill = (facts: Facts): (Need | null)[] => [
  processesGone(facts),
  runsWaiting(facts),
  runsLost(facts),
  jobsStalled(facts),
  botsUnchecked(facts),
  botsOverdue(facts),
];

const since = (at: Date | null, { now }: Facts): string =>
  at ? ` for ${span(now.getTime() - at.getTime())}` : '';
const ago = (at: Date, { now }: Facts): string => `${span(now.getTime() - at.getTime())} ago`;
const longest = (count: number, at: Date | null, facts: Facts): string =>
  count === 1 ? since(at, facts) : at ? `, the longest${since(at, facts)}` : '';
const verb = (count: number, one: string, many: string): string => (count === 1 ? one : many);

const waitsInWords = (facts: Facts): string => {
  const { count, since } = facts.waiting;
  return `${counted(count, 'due run')} ${verb(count, 'waits', 'wait')}${longest(count, since, facts)}`;
};
const overdueInWords = (facts: Facts): string =>
  `${counted(facts.overdue.all, 'bot')} overdue${longest(facts.overdue.all, facts.overdue.since, facts)}`;

/** What this role reads is not all there is: no word below says that all is well. */
function rowsHidden({ hidden }: Facts): Need | null {
  if (!hidden) return null;
  return {
    kind: 'rows_hidden',
    what: 'row level security hides rows from this database role: what is shown is not all there is',
    try: 'connect as the owner of the tables, or as a role with BYPASSRLS, and look with `npx roundsman status` again',
  };
}

/** Processes that are alive cannot show it then, and no start of another one mends it. */
const readOnly = (facts: Facts): Need => ({
  kind: 'read_only',
  what: `${readOnlyInWords(facts.readOnly!)}; nothing runs, and which processes are alive cannot be known${lastSign(facts, { noScheduler: true, noWorker: true })}`,
  try: 'let DATABASE_URL name the primary server, or look whether its disk is full and who has set default_transaction_read_only (server, database or role); processes that are alive then go on by themselves, and `npx roundsman doctor` looks at the rest',
});

/** No scheduler, no worker, or neither, where there is something for them to do. */
function processesGone(facts: Facts): Need | null {
  const { nodes, overdue, waiting } = facts;
  const active = botsThatAre(facts, 'active');
  const noScheduler = schedulersOf(nodes).length === 0 && active > 0;
  const noWorker = workersOf(nodes).length === 0 && active + waiting.count > 0;
  if (!noScheduler && !noWorker) return null;
  const follows = [
    noScheduler && `${counted(active, 'active bot')} ${verb(active, 'does', 'do')} not run`,
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

/** A process that ended in order leaves no row behind: then what it did last says when there was one. */
function lastSign(facts: Facts, gone: { noScheduler: boolean; noWorker: boolean }): string {
  const { nodes, activity } = facts;
  const silent = nodes.filter(
    ({ alive, role }) =>
      !alive &&
      ((gone.noScheduler && role !== 'worker') || (gone.noWorker && role !== 'scheduler')),
  );
  const signs = [
    ...silent.map(({ heartbeat_at }) => heartbeat_at),
    ...(gone.noScheduler && activity?.claimed_at ? [activity.claimed_at] : []),
    ...(gone.noWorker && activity?.began_at ? [activity.began_at] : []),
  ].map((at) => at.getTime());
  return signs.length === 0
    ? ''
    : ` (last sign of one ${ago(new Date(Math.max(...signs)), facts)})`;
}

/** Due runs that no worker takes, where there is one. `closer`: where to look, as in the next two. */
export function runsWaiting(
  facts: Facts,
  closer = '`npx roundsman doctor` finds out where runs stop',
): Need | null {
  const { waiting, nodes, carried } = facts;
  if (waiting.count === 0 || workersOf(nodes).length === 0) return null;
  const full = fullPlaces(nodes, carried);
  const rooms = `although ${verb(waiting.count, 'its bot has', 'their bots have')} room`;
  return {
    kind: 'runs_waiting',
    what: `${waitsInWords(facts)} (${waiting.bot_executions[0]!.name}), ${rooms}`,
    try: full
      ? `${fullInWords(full, nodes)}; start another worker with \`npx roundsman worker\``
      : closer,
  };
}

/** Runs that nothing carries and nothing has taken over. */
export function runsLost(
  facts: Facts,
  closer = '`npx roundsman doctor` says which are alive',
): Need | null {
  const { count, since: at, bot_executions } = facts.lost;
  if (count === 0) return null;
  return {
    kind: 'runs_lost',
    what: `${counted(count, 'run')} left behind by ${verb(count, 'its worker', 'their workers')} and not taken over${longest(count, at, facts)} (${bot_executions[0]!.name})`,
    try: `every process of the engine takes over what was lost, so look at their logs; ${closer}`,
  };
}

/** Runs of jobs that nothing carries, where there is a worker. */
function jobsStalled(facts: Facts): Need | null {
  const { count, since: at, first } = facts.stalledJobs;
  if (count === 0 || workersOf(facts.nodes).length === 0) return null;
  return {
    kind: 'jobs_stalled',
    what: `${counted(count, 'run')} of jobs ${verb(count, 'does', 'do')} not go on${longest(count, at, facts)} (${first})`,
    try: 'a worker of the version that knows the job carries it; `npx roundsman doctor` says which processes are alive, and their logs why rescue fails',
  };
}

/** Bots that run and look at nothing: their children do not start, or every check is skipped. */
function botsUnchecked(facts: Facts): Need | null {
  const { count, since: at, first } = facts.unchecked;
  if (count === 0) return null;
  return {
    kind: 'bots_unchecked',
    what: `${counted(count, 'active bot')} performed no check in ${verb(count, 'its', 'their')} newest run${longest(count, at, facts)} (${first})`,
    try: '`npx roundsman runs list` says why they failed; `npx roundsman doctor` tries the way of a run',
  };
}

/** Due bots that no scheduler claims, where there is one. */
export function botsOverdue(
  facts: Facts,
  closer = '`npx roundsman doctor` looks closer',
): Need | null {
  const { overdue, nodes } = facts;
  if (overdue.all === 0 || schedulersOf(nodes).length === 0) return null;
  return {
    kind: 'bots_overdue',
    what: overdueInWords(facts),
    try: closer,
  };
}

function secretsClosed(facts: Facts): Need | null {
  const what = keptFromInWords(facts);
  if (what === null) return null;
  return {
    kind: 'secrets_closed',
    what,
    try: 'give every worker the ROUNDSMAN_KEYS or the variable that it lacks, and restart it; `npx roundsman secrets list` shows what opens here',
  };
}

function ticketsLate(facts: Facts): Need | null {
  const { late, late_since, first_late } = facts.tickets;
  if (late === 0) return null;
  return {
    kind: 'tickets_late',
    what: `${counted(late, 'ticket')} past ${verb(late, 'its', 'their')} response target${longest(late, late_since, facts)} (T-${first_late})`,
    try: `\`npx roundsman tickets show T-${first_late}\``,
  };
}

function ticketsUrgent(facts: Facts): Need | null {
  const { urgent, urgent_since } = facts.tickets;
  if (urgent === 0) return null;
  const open = urgent === 1 ? `, open${since(urgent_since, facts)}` : '';
  const oldest = urgent > 1 ? `, the oldest open${since(urgent_since, facts)}` : '';
  return {
    kind: 'tickets_urgent',
    what: `${counted(urgent, 'critical or high ticket')}${open}${oldest}`,
    try: '`npx roundsman tickets list`',
  };
}

function botsInError(facts: Facts): Need | null {
  const count = botsThatAre(facts, 'error');
  if (count === 0) return null;
  const { inError } = facts;
  const times = inError.flatMap(({ status_changed_at: at }) => at ?? []);
  const first = times.toSorted((one, other) => one.getTime() - other.getTime())[0] ?? null;
  return {
    kind: 'bots_in_error',
    what: `${counted(count, 'bot')} in error${longest(count, first, facts)}`,
    try: `mend the definition with \`npx roundsman bots edit ${count === 1 ? inError[0]!.name : '<name>'}\``,
  };
}

function jobsFailed(facts: Facts): Need | null {
  const { count, since: at, first } = facts.failedJobs;
  if (count === 0) return null;
  return {
    kind: 'jobs_failed',
    what: `${counted(count, 'job')} failed in ${verb(count, 'its', 'their')} newest run${count === 1 && at ? ` ${ago(at, facts)}` : ''} (${first})`,
    try: "the workers' logs and `error_message` in `engine.job_runs` say why; it runs again at its next slot",
  };
}

function healingOff(facts: Facts): Need | null {
  const { mode, changed_at, changed_by, reason } = facts.mode;
  if (healsIn(mode)) return null;
  const by = changed_by ? `, set by ${changed_by}` : '';
  const why = reason ? ` (${reason})` : '';
  const is = mode === null ? 'the mode is not set' : `the mode is ${mode}`;
  return {
    kind: 'healing_off',
    what: `${is}${since(changed_at, facts)}${by}${why}; nothing is healed`,
    try: '`npx roundsman mode safe` lets safe remedies act again',
  };
}
