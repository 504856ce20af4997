import { autonomyRank } from '../ground/autonomy.ts';
import { oneInFour } from './statistics/draw.ts';
import { minCases, type Figures } from './judging/figures.ts';
import type { Candidate } from './match.ts';
import type { OpenFinding } from './finding/open-finding.ts';

/**
 * The order in which candidates are tried: playbooks before advice, then the better record in the narrowest context
 * that has enough outcomes. For one of four findings that are not critical, an entry about which too little is known
 * goes first; otherwise the engine would never learn anything about it. Entries with equal records are ordered by how
 * freely they may act, then by name, so that the same figures always give the same order.
 */
export function choose(
  candidates: Candidate[],
  finding: OpenFinding,
  figures: Map<string, Figures>,
): Candidate[] {
  const scored = candidates.map((candidate) => {
    const known = figures.get(candidate.id);
    return {
      candidate,
      playbook: candidate.solution.kind === 'playbook',
      explored: known !== undefined && isExplored(candidate, finding, known),
      lower: known?.records[known.context].lower ?? 0,
    };
  });
  return scored
    .toSorted(
      (a, b) =>
        Number(b.playbook) - Number(a.playbook) ||
        Number(b.explored) - Number(a.explored) ||
        b.lower - a.lower ||
        autonomyRank(b.candidate.autonomy) - autonomyRank(a.candidate.autonomy) ||
        a.candidate.name.localeCompare(b.candidate.name, 'en'),
    )
    .map(({ candidate }) => candidate);
}

const isExplored = ({ name }: Candidate, finding: OpenFinding, figures: Figures): boolean =>
  finding.severity !== 'critical' &&
  figures.records.all.decided < minCases &&
  oneInFour('explore', finding.fingerprint, name, casesSeen(figures));

/**
 * True for one of four findings while too little is known: only findings that are left alone show how many recover
 * without a heal.
 */
const isHeldOut = ({ name }: Candidate, finding: OpenFinding, figures: Figures): boolean =>
  finding.severity !== 'critical' &&
  // Without any outcome there is nothing to compare with.
  figures.records.all.decided > 0 &&
  figures.untouched.recovered + figures.untouched.persisted < minCases &&
  oneInFour('hold out', finding.fingerprint, name, casesSeen(figures));

/** The newest decision about this entry that left the finding alone. */
export interface HeldOutBefore {
  outcome: string | null;
  /** of a check of events: what the check had counted */
  tally: unknown;
}

/**
 * Whether this run leaves the finding alone to see whether it recovers. This happens once, for one run. For a check of
 * events it lasts until the events after the decision give a verdict: while the check's window still holds older
 * events, a remedy might be applied, and judged, when the problem was over long ago.
 */
export const isLeftAlone = (
  candidate: Candidate,
  finding: OpenFinding,
  figures: Figures,
  before: HeldOutBefore | undefined,
): boolean =>
  before
    ? before.tally !== null && before.outcome === 'pending'
    : isHeldOut(candidate, finding, figures);

/** Increases with every case, so that each case gets a new draw. */
const casesSeen = ({ records, untouched }: Figures): number =>
  records.all.decided + untouched.recovered + untouched.persisted;
