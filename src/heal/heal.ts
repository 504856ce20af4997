import { sql } from 'kysely';
import type { Catalogue } from '../catalogue.ts';
import type { Db } from '../data/connect.ts';
import { underFence, type Fenced } from '../data/bots/fence.ts';
import { findAbandoned } from './adopt.ts';
import { apply, type Unfinished } from './apply.ts';
import { decide, intend, type Heal } from './decide.ts';
import { match } from './match.ts';
import { verify } from './verify.ts';

/** The open finding that is to be healed: columns of `bot_findings`. */
export interface Patient {
  id: string;
  bot_id: string;
  fingerprint: string;
  check_name: string;
  category: string;
  title: string;
  description: string | null;
  affected_component: string;
  component_key: string;
  metadata: Record<string, unknown> | null;
}

/** The same check once more, asked about this finding alone; `unclear` when it erred or did not look. */
export type Recheck = (finding: Patient, since: Date) => Promise<'clean' | 'failing' | 'unclear'>;

export interface Healing {
  db: Db;
  catalogue: Catalogue;
  signal: AbortSignal;
  recheck: Recheck;
}

export interface Healed {
  /** steps that were applied */
  actions: number;
  healed: boolean;
}

/**
 * One finding: what an interrupted attempt left is finished first; else match, choose, gate, and then
 * up the ladder: apply, verify, and the next step only if the check still fails.
 */
export async function heal(healing: Healing, run: Fenced, finding: Patient): Promise<Healed> {
  const abandoned = await findAbandoned(healing, run.id, finding);
  if (abandoned) return finishAbandoned(healing, run, finding, abandoned);

  const candidates = await match(healing.db, healing.catalogue, finding);
  if (candidates.length === 0) return { actions: 0, healed: false };
  const chosen = await decide(healing, run, finding, candidates);
  return chosen ? climb(healing, run, finding, chosen) : { actions: 0, healed: false };
}

async function climb(
  healing: Healing,
  run: Fenced,
  finding: Patient,
  chosen: Heal,
): Promise<Healed> {
  let actions = 0;
  for (const [number, step] of chosen.steps.entries()) {
    if (healing.signal.aborted || (number > 0 && !(await mayGoOn(healing)))) break;
    if (number > 0)
      await underFence(healing.db, run, (trx) => intend(trx, run, finding, chosen, number));
    const action = await intended(healing.db, chosen.id, number);
    const appliedAt = await apply(healing, run, finding, action, step);
    if (!appliedAt) continue;
    actions += 1;
    const verified = await verify(healing, run, finding, action.id, appliedAt);
    if (verified !== 'failing') return { actions, healed: verified === 'clean' };
  }
  return { actions, healed: false };
}

async function finishAbandoned(
  healing: Healing,
  run: Fenced,
  finding: Patient,
  { action, step }: { action: Unfinished; step: Heal['steps'][number] | null },
): Promise<Healed> {
  const before = action.applied_at;
  const appliedAt = before ?? (step && (await apply(healing, run, finding, action, step)));
  if (!appliedAt) return { actions: 0, healed: false };
  const verified = await verify(healing, run, finding, action.id, appliedAt);
  return { actions: before ? 0 : 1, healed: verified === 'clean' };
}

const intended = (db: Db, healId: string, step: number): Promise<Unfinished> =>
  db
    .selectFrom('bot_actions')
    .select(['id', 'knowledge_id', 'applied_at'])
    .where('heal_id', '=', healId)
    .where('step', '=', step)
    .executeTakeFirstOrThrow();

/** The kill switch acts between the steps of a ladder too. */
async function mayGoOn({ db }: Healing): Promise<boolean> {
  const { rows } = await sql<{ mode: string }>`
    SELECT value #>> '{}' AS mode FROM engine.settings WHERE key = 'mode'`.execute(db);
  return rows[0]?.mode === 'safe' || rows[0]?.mode === 'auto';
}
