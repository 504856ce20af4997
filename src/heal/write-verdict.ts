import type { Transaction } from 'kysely';
import type { Fenced } from '../data/bots/fence.ts';
import type { Database } from '../database/connect.ts';
import { writeDecision } from '../transitions/decisions/write.ts';
import type { Figures } from './judging/figures.ts';
import type { GateInputs } from './gate-inputs.ts';
import type { Candidate } from './match.ts';
import type { OpenFinding } from './finding/open-finding.ts';

export type Verdict = Database['bot_decisions']['verdict'];

/** A verdict on one entry, with the inputs of the entry's gates. */
export interface EntryVerdict {
  knowledge: Candidate;
  inputs: (() => Promise<GateInputs>) | null;
  verdict: Verdict;
  gate: string | null;
}

/**
 * Records a verdict, with the figures that are its reason. A verdict that says nothing new is not recorded, and its
 * figures are not read.
 */
export const writeVerdict = (
  trx: Transaction<Database>,
  run: Fenced,
  finding: OpenFinding,
  { knowledge: { id, solution }, inputs, verdict, gate }: EntryVerdict,
  figures?: () => Promise<Figures>,
): Promise<void> =>
  writeDecision(trx, {
    bot_id: finding.bot_id,
    finding_id: finding.id,
    knowledge_id: id,
    execution_id: run.id,
    fingerprint: finding.fingerprint,
    component: finding.affected_component,
    category: finding.category,
    verdict,
    gate,
    figures: async () => ({
      ...(await inputs?.()),
      ...(figures && { record: figuresOfContext(await figures()) }),
    }),
    couldAct: solution.kind === 'playbook',
    countsEvents: finding.judgeWithin !== undefined,
  });

/** The figures on which the choice and the gate were based. */
const figuresOfContext = ({ context, records, untouched, lift }: Figures) => ({
  context,
  ...records[context],
  untouched,
  lift,
});
