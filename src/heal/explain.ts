/** Why a finding is healed, or is not: reads what the engine bases its decisions on, and writes nothing. */
import type { Selectable, Transaction } from 'kysely';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { decisionsOn } from '../data/bots/bot-decisions.ts';
import type { Database, Db } from '../database/connect.ts';
import type { BotFindings } from '../database/tables.ts';
import { choose } from './choose.ts';
import { evaluate, type Evaluated } from './evaluate.ts';
import { closedGate, closedGates } from './gate.ts';
import type { GateInputs } from './gate-inputs.ts';
import { figuresFor, type Figures } from './judging/figures.ts';
import { match, type Candidate } from './match.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import { readOpenings, type ClosedGate } from './openings.ts';

/** What a run would decide about a candidate now. */
export type Explained = Omit<Evaluated, 'prospect' | 'inputs'> & {
  figures: Figures;
  /** the inputs of its gates; null for advice */
  inputs: GateInputs | null;
  /** all closed gates, the one in `gate` first, and what opens each */
  closed: ClosedGate[];
  /** `wait`: its gates are open, and another candidate is tried before it */
  prospect: Evaluated['prospect'] | 'wait';
  /**
   * The gate `storm` is open now, but closes if the next run looks at no other components than those that are broken.
   */
  storm: boolean;
};

export interface Explanation {
  /** the entries that match now, in the order in which they are tried; empty for a resolved finding */
  candidates: Explained[];
  /** the names of entries of which it is not known whether they match */
  untried: string[];
  /** the newest first */
  decisions: Awaited<ReturnType<typeof decisionsOn>>;
}

const maxDecisions = 200;

/** A resolved finding is explained by the decisions about it. */
export async function explain(
  db: Db,
  catalogue: Catalogue,
  finding: Selectable<BotFindings>,
): Promise<Explanation> {
  const decisions = await decisionsOn(db, { finding: finding.id }, maxDecisions);
  if (finding.resolved_at) return { candidates: [], untried: [], decisions };
  const open = openFindingOf(finding);
  const { candidates, untried } = await match(db, catalogue, open);
  return {
    candidates: await explainCandidates(db, open, candidates),
    untried,
    decisions,
  };
}

function openFindingOf(finding: Selectable<BotFindings>): OpenFinding {
  const { bot_id, affected_component, metadata } = finding;
  return {
    ...finding,
    bot_id: bot_id!,
    affected_component: affected_component ?? '',
    metadata: metadata as OpenFinding['metadata'],
  };
}

/** Reads in one read-only transaction, so that all figures are of one moment. */
const explainCandidates = (
  db: Db,
  finding: OpenFinding,
  candidates: Candidate[],
): Promise<Explained[]> =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const known = await figuresFor(trx, candidates, finding);
      const figures = async () => known;
      const ordered = choose(candidates, finding, known);
      const explained: Explained[] = [];
      let taken = false;
      for await (const each of evaluate(trx, finding, ordered, { figures })) {
        const isOpen = each.prospect === 'apply' || each.prospect === 'hold out';
        const inputs = each.inputs && (await each.inputs());
        explained.push({
          ...each,
          inputs,
          closed: await closedOf(trx, finding, each, inputs),
          figures: known.get(each.candidate.id)!,
          prospect: isOpen && taken ? 'wait' : each.prospect,
          storm: isOpen && inputs !== null && mayStorm(each.candidate, inputs),
        });
        taken ||= isOpen;
      }
      return explained;
    });

/** The gates that stay closed when a person approves the entry. */
export const closedWhenApproved = ({ candidate, inputs, closed }: Explained): ClosedGate[] => {
  if (!inputs) return closed;
  const still = closedGates({ ...inputs, answer: 'approved' }, candidate, 'beginning');
  return closed.filter(({ gate }) => still.includes(gate));
};

/** Advice has no gates: while it is not enabled, it waits for a person. */
const closedOf = async (
  trx: Transaction<Database>,
  finding: OpenFinding,
  { candidate, gate }: Evaluated,
  inputs: GateInputs | null,
): Promise<ClosedGate[]> => {
  if (inputs) return readOpenings(trx, finding, candidate, inputs);
  return gate === null ? [] : [{ gate, waits_for: 'person', opens_at: null }];
};

/**
 * Whether the storm gate closes if the next run looks at the broken components only. The gate itself counts with as many
 * components as earlier runs have looked at, but the next run may look at fewer.
 */
const mayStorm = (candidate: Candidate, inputs: GateInputs): boolean =>
  closedGate({ ...inputs, known_components: inputs.broken_components }, candidate, 'beginning') !==
  null;
