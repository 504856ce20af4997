/** Why a finding is healed, or is not: read where the engine decides, and without writing. */
import type { Selectable } from 'kysely';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { decisionsOn } from '../data/bots/bot-decisions.ts';
import type { Db } from '../database/connect.ts';
import type { BotFindings } from '../database/tables.ts';
import { choose, isLeftAlone, type HeldOutBefore } from './choose.ts';
import { figuresFor, type Figures } from './judging/figures.ts';
import { closedGate, readCircumstances, type Circumstances } from './gate.ts';
import { match, type Candidate } from './match.ts';
import type { OpenFinding } from './finding/open-finding.ts';

/** What a run would make of a candidate if it came now. */
export type Prospect =
  /** its gates are open, and nothing is tried before it */
  | 'apply'
  /** as `apply`, but this finding is left alone for one run, to see what becomes of it */
  | 'hold out'
  /** its gates are open; another one is tried before it */
  | 'wait'
  /** it is advice, which a person follows */
  | 'advise'
  /** a gate is closed */
  | 'closed';

/** How many components a run looks at is known only to the run. */
export type Known = Omit<Circumstances, 'known_components'>;

export interface Explained {
  candidate: Candidate;
  figures: Figures;
  /** null of advice: no gate is asked */
  circumstances: Known | null;
  prospect: Prospect;
  /** the first closed gate */
  gate: string | null;
  /** So much of it is broken that the storm gate closes unless the next run looks at twice as many components. */
  storm: boolean;
}

export interface Explanation {
  /** those that match now, in the order in which they are tried; none of a resolved finding */
  candidates: Explained[];
  /** names of entries of which is not known whether they match */
  unexamined: string[];
  /** the newest first */
  decisions: Awaited<ReturnType<typeof decisionsOn>>;
}

const mostDecisions = 200;
/** More components than any check looks at. */
const countless = 2_147_483_647;

/** A resolved finding is explained by what was decided about it. */
export async function explain(
  db: Db,
  catalogue: Catalogue,
  finding: Selectable<BotFindings>,
): Promise<Explanation> {
  const decisions = await decisionsOn(db, { finding: finding.id }, mostDecisions);
  if (finding.resolved_at) return { candidates: [], unexamined: [], decisions };
  const patient = patientOf(finding);
  const { candidates, unexamined } = await match(db, catalogue, patient);
  // The newest of each entry: they are the newest first.
  const heldOut = new Map<string | null, HeldOutBefore>();
  for (const decision of decisions.toReversed())
    if (decision.verdict === 'held_out') heldOut.set(decision.knowledge_id, decision);
  return {
    candidates: await prospects(db, patient, candidates, heldOut),
    unexamined,
    decisions,
  };
}

function patientOf(finding: Selectable<BotFindings>): OpenFinding {
  const { bot_id, affected_component, metadata } = finding;
  return {
    ...finding,
    bot_id: bot_id!,
    affected_component: affected_component ?? '',
    metadata: metadata as OpenFinding['metadata'],
  };
}

/** Goes the way of `decide`, in a transaction that cannot write, so that all of it is of one moment. */
const prospects = (
  db: Db,
  finding: OpenFinding,
  candidates: Candidate[],
  heldOut: ReadonlyMap<string | null, HeldOutBefore>,
): Promise<Explained[]> =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const known = await figuresFor(trx, candidates, finding);
      const explained: Explained[] = [];
      let taken = false;
      for (const candidate of choose(candidates, finding, known)) {
        const figures = known.get(candidate.id)!;
        const { enabled, solution } = candidate;
        if (solution.kind === 'prose') {
          const [prospect, gate] = enabled
            ? (['advise', null] as const)
            : (['closed', 'disabled'] as const);
          explained.push({ candidate, figures, circumstances: null, prospect, gate, storm: false });
          continue;
        }
        // The storm gate is asked for both ends of what the next run may look at.
        const { known_components: most, ...now } = await readCircumstances(
          trx,
          finding,
          candidate,
          {
            stage: 'beginning',
            examined: countless,
          },
        );
        const gateOf = (known_components: number) =>
          closedGate({ ...now, known_components }, candidate, 'beginning');
        const gate = gateOf(most);
        const storm = gate === null && gateOf(now.broken_components) !== null;
        const leftAlone =
          now.answer !== 'approved' &&
          isLeftAlone(candidate, finding, figures, heldOut.get(candidate.id));
        const prospect =
          gate !== null ? 'closed' : taken ? 'wait' : leftAlone ? 'hold out' : 'apply';
        taken ||= gate === null;
        explained.push({ candidate, figures, circumstances: now, prospect, gate, storm });
      }
      return explained;
    });
