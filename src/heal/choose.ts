import { freedomOf } from '../ground/autonomy.ts';
import { oneInFour } from './statistics/draw.ts';
import { enough, type Figures } from './judging/figures.ts';
import type { Candidate } from './match.ts';
import type { OpenFinding } from './finding/open-finding.ts';

/**
 * The order in which candidates are tried: playbooks before advice, then the better record in the narrowest
 * context that says something. In one of four findings that are not critical an entry of which too little
 * is known goes first, or it would never be known. Equals go by how freely they may act, then by name, so
 * that the same figures always give the same order.
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
        freedomOf(b.candidate.autonomy) - freedomOf(a.candidate.autonomy) ||
        a.candidate.name.localeCompare(b.candidate.name, 'en'),
    )
    .map(({ candidate }) => candidate);
}

const isExplored = ({ name }: Candidate, finding: OpenFinding, figures: Figures): boolean =>
  finding.severity !== 'critical' &&
  figures.records.all.decided < enough &&
  oneInFour('explore', finding.fingerprint, name, casesSeen(figures));

/** One in four, while too little is known: without some that are left alone it is not known how many recover anyway. */
const isHeldOut = ({ name }: Candidate, finding: OpenFinding, figures: Figures): boolean =>
  finding.severity !== 'critical' &&
  // Until something came of it there is nothing to compare with.
  figures.records.all.decided > 0 &&
  figures.untouched.recovered + figures.untouched.persisted < enough &&
  oneInFour('hold out', finding.fingerprint, name, casesSeen(figures));

/** The newest decision that held the finding out from the entry. */
export interface HeldOutBefore {
  outcome: string | null;
  /** of a check of events: what it had counted */
  tally: unknown;
}

/**
 * Whether a run leaves the finding alone so as to see what becomes of it: once, for one run. Of events that goes on
 * until those after the decision have told: a window that is full of the past would have the cure applied, and judged,
 * when the problem was over long ago.
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

/** Grows with every case, so that each one draws anew. */
const casesSeen = ({ records, untouched }: Figures): number =>
  records.all.decided + untouched.recovered + untouched.persisted;
