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
  /** the entry's name; null if no entry of knowledge fits */
  knowledge: string | null;
  /** what a run would do with the entry now; null if none fits */
  prospect: Explained['prospect'] | null;
  /** the gate that is closed first; null if none is */
  gate: string | null;
  waits_for: ClosedGate['waits_for'] | null;
  opens_at: Date | null;
  /** in one line */
  why: string;
  /** the command that opens the gate, or asks again */
  try: string | null;
}

/** How many open findings are explained, the worst first: each is matched with all entries of knowledge. */
export const maxExplained = 20;

/**
 * Why each of these open findings, the worst first, was not healed, by the engine's own evaluation at this moment. So a gate
 * that has opened since the run is shown as open.
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
    const { candidates, untried } = await explain(db, catalogue, finding);
    const first = candidates.find(({ prospect }) => prospect !== 'advise') ?? candidates[0];
    heldBack.push(
      first ? heldBackByEntry(first, about[index]!, now) : unmatched(finding.id, untried),
    );
  }
  return heldBack;
}

const unmatched = (finding: string, untried: string[]): HeldBack => ({
  finding_id: finding,
  knowledge: null,
  prospect: null,
  gate: null,
  waits_for: null,
  opens_at: null,
  why:
    untried.length > 0
      ? `not known whether they fit: ${untried.join(', ')}`
      : 'no entry of knowledge fits',
  try: null,
});

const openWords: Record<Exclude<Explained['prospect'], 'closed'>, string> = {
  advise: 'advice: a person follows it',
  apply: 'its gates are open now',
  wait: 'its gates are open now',
  'hold out': 'it is left alone for one run, to see whether it recovers by itself',
};

function heldBackByEntry(explained: Explained, about: About, now: Date): HeldBack {
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
