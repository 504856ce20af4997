import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Db } from '../../database/connect.ts';
import { explain, type Explained } from '../../heal/explain.ts';
import type { ClosedGate } from '../../heal/openings.ts';
import { aboutFindings } from '../findings/explain.ts';
import type { FoundFinding } from '../findings/find.ts';
import { gatesInWords, whatAsksAgain, whatRuns, type About } from '../findings/gate-in-words.ts';

/** Why an open finding was not healed: the entry that is tried first for it, and what that waits for. */
export interface HeldBack {
  finding_id: string;
  /** the entry's name; null where nothing that is known fits */
  knowledge: string | null;
  /** what a run that came now would do with it; null where nothing fits */
  prospect: Explained['prospect'] | null;
  /** null where no gate is closed */
  gate: string | null;
  waits_for: ClosedGate['waits_for'] | null;
  opens_at: Date | null;
  /** in one line */
  why: string;
  /** the command that opens the gate, or asks again */
  try: string | null;
}

/** The most open findings that are explained, the worst first: each is matched with all that is known. */
export const maxExplained = 20;

/**
 * Why each of these open findings, the worst first, was not healed: by the evaluation that decides it, asked at this
 * moment. A gate that has opened since the run is told as open.
 */
export async function heldBack(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  findings: readonly FoundFinding[],
  now: Date,
): Promise<HeldBack[]> {
  const open = findings.filter(({ resolved_at }) => resolved_at === null).slice(0, maxExplained);
  if (open.length === 0) return [];
  const about = await aboutFindings(db, open);
  const heldBack: HeldBack[] = [];
  for (const [index, finding] of open.entries()) {
    const { candidates, unexamined } = await explain(db, catalogue, finding);
    const first = candidates.find(({ prospect }) => prospect !== 'advise') ?? candidates[0];
    heldBack.push(first ? standing(first, about[index]!, now) : unmatched(finding.id, unexamined));
  }
  return heldBack;
}

const unmatched = (finding: string, unexamined: string[]): HeldBack => ({
  finding_id: finding,
  knowledge: null,
  prospect: null,
  gate: null,
  waits_for: null,
  opens_at: null,
  why:
    unexamined.length > 0
      ? `not known whether they fit: ${unexamined.join(', ')}`
      : 'nothing that is known fits',
  try: null,
});

const openWords: Record<Exclude<Explained['prospect'], 'closed'>, string> = {
  advise: 'advice: a person follows it',
  apply: 'its gates are open now',
  wait: 'its gates are open now',
  'hold out': 'it is left alone for one run, to see whether it recovers by itself',
};

function standing(explained: Explained, about: About, now: Date): HeldBack {
  const { candidate, prospect, closed } = explained;
  const first = closed[0] ?? null;
  const run = whatRuns(about);
  return {
    finding_id: about.finding,
    knowledge: candidate.name,
    prospect,
    gate: first?.gate ?? null,
    waits_for: first?.waits_for ?? null,
    opens_at: first?.opens_at ?? null,
    why:
      prospect === 'closed'
        ? gatesInWords(explained, about, now)!
        : `${openWords[prospect]}${prospect === 'advise' ? '' : `; \`${run}\` asks again`}`,
    try: first ? whatAsksAgain(first, explained, about) : prospect === 'advise' ? null : run,
  };
}
