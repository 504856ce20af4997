import { freedom } from './autonomy.ts';
import { oneInFour } from './draw.ts';
import { enough, type Figures } from './figures.ts';
import type { Candidate } from './match.ts';
import type { Patient } from './patient.ts';

/**
 * The order in which candidates are tried: playbooks before advice, then the better record in the narrowest
 * context that says something. In one of four findings that are not critical an entry of which too little
 * is known goes first, or it would never be known. Equals go by how freely they may act, then by name, so
 * that the same figures always give the same order.
 */
export function choose(
  candidates: Candidate[],
  finding: Patient,
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
        freedom[b.candidate.autonomy] - freedom[a.candidate.autonomy] ||
        a.candidate.name.localeCompare(b.candidate.name, 'en'),
    )
    .map(({ candidate }) => candidate);
}

const isExplored = ({ name }: Candidate, finding: Patient, figures: Figures): boolean =>
  finding.severity !== 'critical' &&
  figures.records.all.decided < enough &&
  oneInFour('explore', finding.fingerprint, name, casesSeen(figures));

/**
 * Whether a finding that the entry may cure is left alone for one run: without some that are, nobody knows
 * how many would have recovered anyway.
 */
export const isHeldOut = ({ name }: Candidate, finding: Patient, figures: Figures): boolean =>
  finding.severity !== 'critical' &&
  // Until something came of it there is nothing to compare with.
  figures.records.all.decided > 0 &&
  figures.untouched.recovered + figures.untouched.persisted < enough &&
  oneInFour('hold out', finding.fingerprint, name, casesSeen(figures));

/** Grows with every case, so that each one draws anew. */
const casesSeen = ({ records, untouched }: Figures): number =>
  records.all.decided + untouched.recovered + untouched.persisted;
