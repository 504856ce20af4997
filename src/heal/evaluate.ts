/** Evaluates each candidate for a finding: `decide` and `explain` share this one evaluation. */
import type { Transaction } from 'kysely';
import type { Database } from '../database/connect.ts';
import { isLeftAlone, type HeldOutBefore } from './choose.ts';
import type { OpenFinding } from './finding/open-finding.ts';
import { closedByPeople, closedGate } from './gate.ts';
import { readGateInputs, readPeopleDecisions, type GateInputs } from './gate-inputs.ts';
import { once } from '../ground/once.ts';
import type { Figures } from './judging/figures.ts';
import type { Candidate } from './match.ts';

export interface Evaluated {
  candidate: Candidate;
  /** reads the inputs of its gates when called; null for advice, which has no gates */
  inputs: (() => Promise<GateInputs>) | null;
  /** the first closed gate; `disabled` for advice that is not enabled */
  gate: string | null;
  /**
   * `advise`: prose that a person follows. `apply`: its gates are open. `hold out`: its gates are open, but this
   * finding is left alone for one run, to see whether it recovers.
   */
  prospect: 'advise' | 'closed' | 'apply' | 'hold out';
}

/**
 * Evaluates the candidates one after the other, in the given order. When the caller stops reading, the rest is not
 * evaluated. It only reads, and expensive reads come last and only when they are needed: first what people have
 * decided, then the inputs of all gates, then the figures.
 */
export async function* evaluate(
  trx: Transaction<Database>,
  finding: OpenFinding,
  candidates: Candidate[],
  { figures }: { figures: () => Promise<Map<string, Figures>> },
): AsyncGenerator<Evaluated> {
  for (const candidate of candidates) {
    if (candidate.solution.kind === 'prose') {
      const gate = candidate.enabled ? null : 'disabled';
      yield { candidate, inputs: null, gate, prospect: gate ? 'closed' : 'advise' };
      continue;
    }
    const stage = 'beginning';
    const decided = await readPeopleDecisions(trx, finding, candidate, { stage });
    const inputs = once(() => readGateInputs(trx, finding, candidate, { stage, decided }));
    const gate = closedByPeople(decided, candidate) ?? closedGate(await inputs(), candidate, stage);
    if (gate !== null) {
      yield { candidate, inputs, gate, prospect: 'closed' };
      continue;
    }
    const isLeft =
      decided.answer !== 'approved' &&
      isLeftAlone(
        candidate,
        finding,
        (await figures()).get(candidate.id)!,
        await readHeldOutBefore(trx, finding, candidate),
      );
    yield { candidate, inputs, gate, prospect: isLeft ? 'hold out' : 'apply' };
  }
}

const readHeldOutBefore = (
  trx: Transaction<Database>,
  finding: OpenFinding,
  { id }: Candidate,
): Promise<HeldOutBefore | undefined> =>
  trx
    .selectFrom('bot_decisions')
    .select(['outcome', 'tally'])
    .where('finding_id', '=', finding.id)
    .where('knowledge_id', '=', id)
    .where('verdict', '=', 'held_out')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
