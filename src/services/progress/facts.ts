/** What is known about the engine's progress at one moment. */
import {
  currentTime,
  doesSchedule,
  doesWork,
  listNodes,
  readMode,
  type Node,
} from '../../data/bots/engine.ts';
import { entriesWithoutRemedy, type EntryWithoutRemedy } from '../../data/bots/bot-knowledge.ts';
import { countHeldBack, listMaintenance } from '../../data/bots/bot-maintenance.ts';
import { countHidden } from '../../data/bots/bot-silences.ts';
import { lateJobs } from '../../data/retention/late-jobs.ts';
import { failedJobs, stalledJobRuns } from '../../data/bots/job-runs.ts';
import { oldBackup } from '../../data/backups/age.ts';
import * as overview from '../../data/bots/overview.ts';
import {
  botsUnchecked,
  lastActivity,
  lostRuns,
  rowsAreHidden,
  countRunsByWorker,
  waitingRuns,
  whyReadOnly,
} from '../../data/bots/progress.ts';
import type { Db } from '../../database/connect.ts';
import { countMessages } from '../../data/notify/message-counts.ts';
import { readListening } from '../../data/progress/listeners.ts';
import { tablesLeft } from '../../data/retention/rows-left.ts';
import { healsWithoutSecret } from '../../data/secrets/heals-without-secret.ts';
import { whyUnusable } from '../../notify/settings/stored.ts';
import { unreadablePolicies } from '../policy/unreadable.ts';

/** How many maintenance windows are named. */
const maxWindows = 5;

/** Reads everything that {@link needs} uses. For facts of one moment, pass a repeatable read transaction. */
export async function readFacts(db: Db) {
  const nodes = await listNodes(db);
  const isWhole = schedulersOf(nodes).length > 0 && workersOf(nodes).length > 0;
  return {
    now: await currentTime(db),
    mode: await readMode(db),
    nodes,
    bots: await overview.countBots(db),
    inError: await overview.botsInError(db),
    overdue: await overview.overdue(db),
    waiting: await waitingRuns(db),
    lost: await lostRuns(db),
    stalledJobs: await stalledJobRuns(db),
    failedJobs: await failedJobs(db),
    tablesLeft: await tablesLeft(db),
    lateJobs: await lateJobs(db),
    oldBackup: await oldBackup(db),
    unchecked: await botsUnchecked(db),
    withoutRemedy: await withoutRemedy(db, nodes),
    withoutSecret: await healsWithoutSecret(db),
    hidden: await rowsAreHidden(db),
    readOnly: await whyReadOnly(db),
    listening: await readListening(db),
    carried: await countRunsByWorker(db),
    /** read only if a scheduler or a worker is missing */
    activity: isWhole ? null : await lastActivity(db),
    tickets: await overview.pendingTickets(db),
    /** the windows in force that are named, and what all of them hold back */
    maintenance: {
      top: await listMaintenance(db, { all: false, inForce: true, limit: maxWindows }),
      ...(await countHeldBack(db)),
    },
    silences: await countHidden(db),
    messages: await countMessages(db),
    unreadable: await unreadablePolicies(db),
    /** why the setting `notifications` cannot be used; null if it can, or is not there */
    unusable: await whyUnusable(db),
  };
}

/** Entries whose remedy no living process has; none where no process says which ones it has. */
async function withoutRemedy(db: Db, nodes: Node[]): Promise<EntryWithoutRemedy[]> {
  const known = nodes.flatMap(({ alive, remedies }) => (alive && remedies ? remedies : []));
  return known.length === 0 ? [] : entriesWithoutRemedy(db, [...new Set(known)]);
}

export type Facts = Awaited<ReturnType<typeof readFacts>>;

/** Runs `read` in a transaction that writes nothing and sees one moment. */
export const ofOneMoment = <Result>(db: Db, read: (db: Db) => Promise<Result>): Promise<Result> =>
  db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read);

export const botsThatAre = ({ bots }: Pick<Facts, 'bots'>, status: string): number =>
  bots.find((row) => row.status === status)?.count ?? 0;

export const schedulersOf = (nodes: Node[]): Node[] => nodes.filter(doesSchedule);
export const workersOf = (nodes: Node[]): Node[] => nodes.filter(doesWork);

/**
 * The number of places of all living workers, when each of them executes as many runs as it has places. Null when a
 * worker has a free place or does not say how many it has, or when no worker is alive.
 */
export function fullPlaces(nodes: Node[], carried: Map<string, number>): number | null {
  const workers = workersOf(nodes);
  const full = workers.every(
    ({ id, places }) => places !== null && (carried.get(id) ?? 0) >= places,
  );
  if (workers.length === 0 || !full) return null;
  return workers.reduce((sum, { places }) => sum + places!, 0);
}

/** The result of {@link fullPlaces} in words: `all 10 places of the worker are busy`. */
export function fullInWords(places: number, nodes: Node[]): string {
  if (places === 1) return 'the only place of the worker is busy';
  const workers = workersOf(nodes).length;
  return `all ${places} places of ${workers === 1 ? 'the worker' : `${workers} workers`} are busy`;
}
