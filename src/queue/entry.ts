/**
 * The entries of the queue. An entry is a hint: it names its kind, and a row by id and generation; the row has
 * everything else. Entries that an older version has queued name no kind: they are runs of bots.
 */

/** One entry for one run of a bot; a start needs the row's current generation. */
export interface RunEntry {
  kind?: 'run';
  id: string;
  generation: number;
  /** 0 goes first */
  priority?: number;
  delayMs?: number;
  /** goes ahead of the entries that already wait, because it has waited in the queue before */
  first?: boolean;
}

/** One entry for one run of a job, a row of `engine.job_runs`. */
export type JobEntry = Omit<RunEntry, 'kind'> & { kind: 'job' };

export type Entry = RunEntry | JobEntry;

/** Whether an entry that was taken out of the queue names a row; an entry that another program has written may not. */
export const namesRow = ({ id, generation }: Entry): boolean =>
  typeof id === 'string' && Number.isInteger(generation);

/** A canary has a field of its own, so that versions that know no kinds handle it too. */
interface CanaryData {
  kind: 'canary';
  canary: string;
}

/** BullMQ's ids may not contain ':'. */
export const jobIdOf = ({ kind = 'run', id, generation }: Entry): string =>
  `${kind}-${id}-${generation}`;
export const canaryJobId = (id: string): string => `canary-${id}`;

const names = { run: 'run-bot', job: 'job' };

/** BullMQ's name and data for the job that carries an entry. */
export const dataOf = ({ kind = 'run', id, generation }: Entry) => ({
  name: names[kind],
  data: { kind, id, generation },
});
export const canaryData = (id: string): CanaryData => ({ kind: 'canary', canary: id });

/** Reads the data of a job that was taken out of the queue; null for a kind that this version does not know. */
export function readEntry(data: unknown): Entry | CanaryData | null {
  const { kind = 'run', id, generation, canary } = (data ?? {}) as Record<string, unknown>;
  if (typeof canary === 'string') return canaryData(canary);
  if (kind !== 'run' && kind !== 'job') return null;
  // The code that handles the entry checks these values: `namesRow`.
  return { kind, id, generation } as Entry;
}
