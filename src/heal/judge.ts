import { sql, type Transaction } from 'kysely';
import type { Catalogue } from '../catalogue.ts';
import type { Database, Db } from '../data/connect.ts';
import { judged, type Agreement, type Autonomy } from './autonomy.ts';
import { enough, figuresOf, type Figures } from './figures.ts';
import { restrain, weighHarm, type Restrained } from './harm.ts';
import { readSolution, riskOf } from './playbook.ts';

/** Who writes the changes that the figures ask for. */
export const judge = 'roundsman';

interface Entry {
  id: string;
  autonomy: Autonomy;
  solution: string;
}

/**
 * Judges the entries of which outcomes came in since they were judged, `most` of them, each in a transaction
 * of its own: as a whole, and for every component that has enough outcomes of its own. Every change is
 * written down with its figures. Returns how many changes there were.
 */
export async function judgeEntries(db: Db, catalogue: Catalogue, most = 100): Promise<number> {
  let changes = 0;
  for (let judgements = 0; judgements < most; judgements++) {
    const made = await db.transaction().execute((trx) => judgeNext(trx, catalogue));
    if (made === null) break;
    changes += made;
  }
  return changes;
}

/** Null when nothing waits. */
async function judgeNext(trx: Transaction<Database>, catalogue: Catalogue) {
  const entry = await trx
    .selectFrom('bot_knowledge')
    .select(['id', 'autonomy', 'solution'])
    .where('unjudged', '=', true)
    .orderBy('id')
    .limit(1)
    .forNoKeyUpdate()
    .skipLocked()
    .executeTakeFirst();
  if (!entry) return null;
  const changes = await judgeEntry(trx, catalogue, entry);
  await trx
    .updateTable('bot_knowledge')
    .set({ unjudged: false })
    .where('id', '=', entry.id)
    .execute();
  return changes;
}

async function judgeEntry(trx: Transaction<Database>, catalogue: Catalogue, entry: Entry) {
  const solution = readSolution(entry.solution, catalogue);
  // Nobody knows the risk of advice, or of steps that cannot run: what they say in shadow is judged all the same.
  const runs = solution.kind === 'playbook';
  if (!runs && entry.autonomy !== 'shadow') return 0;
  const risk = runs ? riskOf(solution.steps) : 'irreversible';
  const lowered = await loweredAt(trx, entry.id);
  const figures = async (component: string | null) => {
    // What came of it before somebody lowered it does not earn it back.
    const since = lowered.find((each) => each.component === component || !each.component)?.at;
    const about = { fingerprint: null, component, category: null, since: since ?? null };
    return (await figuresOf(trx, [entry.id], about)).get(entry.id)!;
  };

  // Of the whole entry, whatever its outcomes are on one component.
  const harm = runs ? await weighHarm(trx, entry.id, judge) : null;
  const whole = await figures(null);
  const agreement = await agreementOf(trx, entry.id);
  const change = restrain(
    judged(entry.autonomy, risk, whole.records.all, whole.untouched, agreement),
    entry.autonomy,
    harm,
  );
  const autonomy = change?.autonomy ?? entry.autonomy;
  let changes = 0;
  for (const { component, own } of runs ? await componentsOf(trx, entry.id) : []) {
    const known = await figures(component);
    const before = own ?? entry.autonomy;
    const ask = (from: Autonomy) =>
      restrain(judged(from, risk, known.records.component, known.untouched, null), from, harm);
    const due = ask(before);
    // What it only shared falls with the rest; what its own outcomes would earn it does not.
    const shared = own === null && !due && freedom[autonomy] < freedom[before];
    const after = due?.autonomy ?? (shared ? (ask(autonomy)?.autonomy ?? autonomy) : before);
    // Written down only where it differs.
    if (own === null && after === autonomy) continue;
    await keepOwn(trx, entry.id, component, after);
    if (!due && own !== null) continue;
    const why = due?.why ?? 'its own outcomes ask for no change';
    await writeChange(trx, entry.id, component, before, { autonomy: after, why }, known);
    changes += 1;
  }
  if (!change) return changes;
  await trx.updateTable('bot_knowledge').set({ autonomy }).where('id', '=', entry.id).execute();
  await writeChange(trx, entry.id, null, entry.autonomy, change, whole);
  return changes + 1;
}

/** What the entry said in shadow, and what people did, since it was last put there or edited. */
async function agreementOf(trx: Transaction<Database>, id: string): Promise<Agreement> {
  const { rows } = await sql<Agreement>`
    SELECT count(DISTINCT finding_id) FILTER (WHERE answer = 'approved')::int AS agreed,
           count(DISTINCT finding_id) FILTER (WHERE answer = 'rejected')::int AS differed
    FROM bot_decisions d
    WHERE knowledge_id = ${id}::uuid AND verdict = 'shadowed' AND answer IS NOT NULL
      AND decided_at > coalesce((
        SELECT max(created_at) FROM bot_knowledge_events e
        WHERE e.knowledge_id = d.knowledge_id AND e.component IS NULL
          AND (e.after ?| '{issue_pattern,solution}' OR e.after ->> 'autonomy' = 'shadow')), '-infinity')`.execute(
    trx,
  );
  return rows[0]!;
}

/** When a person last lowered the entry, or a component of it (then with its name); the newest first. */
async function loweredAt(trx: Transaction<Database>, id: string) {
  const { rows } = await sql<{ component: string | null; at: Date }>`
    SELECT component, max(created_at) AS at FROM bot_knowledge_events
    WHERE knowledge_id = ${id}::uuid AND event = 'demoted' AND actor <> ${judge}
    GROUP BY component ORDER BY at DESC`.execute(trx);
  return rows;
}

/** Those with enough decided heals, or with an autonomy of their own already. */
async function componentsOf(trx: Transaction<Database>, id: string) {
  const { rows } = await sql<{ component: string; own: Autonomy | null }>`
    SELECT coalesce(h.component, own.component) AS component, own.autonomy AS own
    FROM (
      SELECT component FROM engine.heals
      WHERE knowledge_id = ${id}::uuid AND outcome IS NOT NULL AND component IS NOT NULL
      GROUP BY component HAVING count(*) >= ${enough}::int
    ) h
    FULL JOIN (SELECT * FROM bot_knowledge_autonomy WHERE knowledge_id = ${id}::uuid) own ON own.component = h.component
    ORDER BY 1`.execute(trx);
  return rows;
}

const keepOwn = (
  trx: Transaction<Database>,
  knowledge_id: string,
  component: string,
  autonomy: Autonomy,
) => {
  const changed_at = sql<Date>`engine.now()`;
  return trx
    .insertInto('bot_knowledge_autonomy')
    .values({ knowledge_id, component, autonomy, changed_at })
    .onConflict((conflict) =>
      conflict
        .columns(['knowledge_id', 'component'])
        .doUpdateSet({ autonomy, changed_at })
        .where('bot_knowledge_autonomy.autonomy', '<>', autonomy),
    )
    .execute();
};

const freedom = { shadow: 0, suggest: 1, auto: 2 } as const;

const writeChange = (
  trx: Transaction<Database>,
  knowledge_id: string,
  component: string | null,
  before: Autonomy,
  { autonomy, why, harm }: Restrained,
  figures: Figures,
) =>
  trx
    .insertInto('bot_knowledge_events')
    .values({
      knowledge_id,
      component,
      event:
        freedom[autonomy] > freedom[before]
          ? 'promoted'
          : freedom[autonomy] < freedom[before]
            ? 'demoted'
            : 'kept',
      before: JSON.stringify({ autonomy: before }),
      after: JSON.stringify({ autonomy }),
      figures: JSON.stringify({
        why,
        ...figures.records[component === null ? 'all' : 'component'],
        untouched: figures.untouched,
        lift: figures.lift,
        ...(harm && { harm }),
      }),
      actor: judge,
      created_at: sql<Date>`engine.now()`,
    })
    .execute();
