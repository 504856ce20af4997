/** Two bots with all rows that transactions may lock at the same time, each in the state that most transactions need. */

const uuid = (kind: number, number: number) =>
  `${String(kind).padStart(8, '0')}-0000-0000-0000-${String(number).padStart(12, '0')}`;

export const bots = [uuid(1, 1), uuid(1, 2)] as const;
/** Two running runs of the first bot, then two of the second. */
export const runs = {
  first: uuid(2, 1),
  beside: uuid(2, 2),
  other: uuid(2, 3),
  otherBeside: uuid(2, 4),
  lost: uuid(2, 5),
  lostForGood: uuid(2, 6),
  queued: uuid(2, 7),
  otherQueued: uuid(2, 8),
  fresh: uuid(2, 9),
  skipped: uuid(2, 10),
  cancelled: uuid(2, 11),
  givenUp: uuid(2, 12),
  ended: uuid(2, 13),
} as const;
export const fences: Record<string, string> = {
  [runs.first]: '11',
  [runs.beside]: '12',
  [runs.other]: '13',
  [runs.otherBeside]: '14',
};
/** A request of the first run, which a remote bot has taken on and has not reported yet. */
export const requestId = `${runs.first}_1`;
export const slot = new Date('2026-01-05T00:00:00Z');
/** Findings in the order of their fingerprints: three of the first bot, two of the second. The last one has no unfinished action. */
export const problems = [1, 2, 3, 4, 5].map((number) => ({
  number,
  bot: bots[number === 3 || number === 4 ? 1 : 0],
  fingerprint: `f${number}`,
  component: `part ${number}`,
  finding: uuid(3, number),
  ticket: uuid(5, number),
  /** an unfinished action */
  action: uuid(4, number),
  /** an action whose hold window is over, and that a person asked to undo */
  cured: uuid(4, number + 10),
}));
/** Tickets of both bots, one of them merged into the other: pending ones, and resolved ones. */
export const merged = {
  survivor: uuid(5, 11),
  ticket: uuid(5, 12),
  endedSurvivor: uuid(5, 13),
  ended: uuid(5, 14),
};
export const entries = [1, 2, 3, 4, 5].map((number) => uuid(6, number));
export const solution = 'steps:\n  - remedy: other.pause';
