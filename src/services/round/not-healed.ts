import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Db } from '../../database/connect.ts';
import { explain, type Explained } from '../../heal/explain.ts';
import type { ClosedGate } from '../../heal/openings.ts';
import { contextsOf } from '../findings/explain.ts';
import type { FoundFinding } from '../findings/find.ts';
import { commandToAskAgain, runCommand, type FindingContext } from '../findings/gate-commands.ts';
import { gatesInWords } from '../findings/gate-in-words.ts';

/** Why an open finding was not healed: the entry that is tried first for it, and what the entry waits for. */
export interface NotHealed {
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
  /** the command that opens the gate, or runs the bot again */
  try: string | null;
}

/** How many open findings are explained, the worst first: each is matched with all entries of knowledge. */
export const maxExplained = 20;

/**
 * Why each of the open ones among these findings was not healed; the worst have to be first. The engine's own evaluation says it,
 * at this moment: a gate that has opened since the run is shown as open.
 */
export async function whyNotHealed(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  findings: readonly FoundFinding[],
  now: Date,
): Promise<NotHealed[]> {
  const open = findings.filter(({ resolved_at }) => resolved_at === null).slice(0, maxExplained);
  if (open.length === 0) return [];
  const about = await contextsOf(db, open);
  const reasons: NotHealed[] = [];
  for (const [index, finding] of open.entries()) {
    const { candidates, untried } = await explain(db, catalogue, finding);
    const first = candidates.find(({ prospect }) => prospect !== 'advise') ?? candidates[0];
    reasons.push(
      first ? becauseOfEntry(first, about[index]!, now) : unmatched(finding.id, untried),
    );
  }
  return reasons;
}

const unmatched = (finding: string, untried: string[]): NotHealed => ({
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

function becauseOfEntry(explained: Explained, about: FindingContext, now: Date): NotHealed {
  const { candidate, prospect, closed } = explained;
  const first = closed[0] ?? null;
  const run = runCommand(about);
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
    try: first ? commandToAskAgain(first, explained, about) : prospect === 'advise' ? null : run,
  };
}
