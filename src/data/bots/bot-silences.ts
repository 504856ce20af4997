import { sql, type RawBuilder, type Selectable } from 'kysely';
import { jsonBuildObject } from 'kysely/helpers/postgres';
import type { Db } from '../../database/connect.ts';
import { countRows } from '../../database/rows/count-rows.ts';
import { boolean, object } from '../../database/faults/bad-input.ts';
import type { BotSilences } from '../../database/tables.ts';
import type { HiddenNow } from '../../ground/kept-back.ts';
import { severities } from '../../ground/severity.ts';
import { isPending } from './pending-tickets.ts';
import { rowLimit } from './row-limit.ts';

export type SilenceRow = Selectable<BotSilences>;

/** The columns of a finding that a silence may name, as SQL. */
interface FindingColumns {
  bot_id: RawBuilder<unknown>;
  component: RawBuilder<unknown>;
  category: RawBuilder<unknown>;
  fingerprint: RawBuilder<unknown>;
}

// In all of these, `s` is bot_silences. The clock is in a subquery, so that each statement reads it only once.
const inForce = sql`s.ended_at IS NULL AND (s.until_resolved OR s.expires_at > (SELECT public.bots_now()))`;

/** A finding has to fit everything that the silence names. */
const fits = ({ bot_id, component, category, fingerprint }: FindingColumns) => sql`
  (s.bot_id IS NULL OR s.bot_id = ${bot_id}) AND (s.component IS NULL OR s.component = ${component})
  AND (s.category IS NULL OR s.category = ${category}) AND (s.fingerprint IS NULL OR s.fingerprint = ${fingerprint})`;

/** Whether the silence `s` is in force now. */
export const silenceInForce = sql<boolean>`(${inForce})`;

/** Whether the silence `s` covers the row of `bot_findings` under this alias, whether it is in force or not. */
export const silenceCovers = (alias: string) => sql<boolean>`(${fits(ofFinding(alias))})`;

/** Whether a silence is in force for a finding. */
export const silenced = (finding: FindingColumns) => sql<boolean>`
  EXISTS (SELECT FROM bot_silences s WHERE ${inForce} AND ${fits(finding)})`;

/** A row of `bot_silences` in JSON: times are texts. */
export type Silence = Pick<SilenceRow, 'id' | 'owner' | 'reason' | 'until_resolved'> & {
  expires_at: string | null;
};

/** The silences in force for a finding, the oldest first, as rows in JSON. */
export const silencesOver = (finding: FindingColumns) => sql<Silence[]>`
  coalesce((SELECT json_agg(s ORDER BY s.created_at, s.id) FROM bot_silences s
            WHERE ${inForce} AND ${fits(finding)}), '[]')`;

/** The columns of `bot_findings` under this alias. */
export const ofFinding = (alias: string): FindingColumns => ({
  bot_id: sql.ref(`${alias}.bot_id`),
  component: sql.ref(`${alias}.affected_component`),
  category: sql.ref(`${alias}.category`),
  fingerprint: sql.ref(`${alias}.fingerprint`),
});

const now = sql<Date>`engine.now()`;

/** The newest ticket of the problem whose fingerprint a silence names; null where it names none, or there was no ticket. */
const ticketOfSilence = sql<{ number: string; title: string } | null>`(
  SELECT jsonb_build_object('number', t.number::text, 'title', t.title) FROM bot_tickets t
  WHERE t.fingerprint = s.fingerprint ORDER BY t.created_at DESC, t.id LIMIT 1)`;

/** Its newest finding where it had no ticket. No index has all findings by fingerprint; the memory of the problem names its bot. */
const findingOfSilence = sql<{ id: string; title: string } | null>`(
  SELECT jsonb_build_object('id', f.id, 'title', f.title) FROM bot_findings f
  WHERE f.bot_id = (SELECT m.bot_id FROM bot_finding_states m WHERE m.fingerprint = s.fingerprint)
    AND f.fingerprint = s.fingerprint
    AND NOT EXISTS (SELECT FROM bot_tickets t WHERE t.fingerprint = s.fingerprint)
  ORDER BY f.detected_at DESC, f.id LIMIT 1)`;

/**
 * Silences, the newest first, each with `bots` (one object, its bot, named like the table), the ticket or the finding of a
 * fingerprint that it names (`bot_tickets`, `bot_findings`), and the number of open findings that it hides now: null when it has
 * ended. Only those in force unless `all`. Throws BadInputError.
 */
export async function listSilences(db: Db, filter: { all: boolean; limit: number }) {
  const { all, limit } = object('filter', filter);
  const includesEnded = boolean('all', all);
  const query = db
    .selectFrom('bot_silences as s')
    .leftJoin('bots', 'bots.id', 's.bot_id')
    .selectAll('s')
    .select((eb) => jsonBuildObject({ name: eb.ref('bots.name') }).as('bots'))
    .select([ticketOfSilence.as('bot_tickets'), findingOfSilence.as('bot_findings')])
    .select(
      sql<number | null>`CASE WHEN ${inForce} THEN (
        SELECT count(*)::int FROM bot_findings f WHERE f.resolved_at IS NULL AND ${fits(ofFinding('f'))}) END`.as(
        'open_findings',
      ),
    )
    .orderBy('s.created_at', 'desc')
    .orderBy('s.id')
    .limit(rowLimit(limit));
  return (includesEnded ? query : query.where(sql<boolean>`${inForce}`)).execute();
}

/** How many silences there are, whatever a list's limit; null: very many. */
export const countSilences = (db: Db, { all }: { all: boolean }) =>
  countRows(
    db,
    db.selectFrom('bot_silences as s').$if(!all, (query) => query.where(sql<boolean>`${inForce}`)),
  );

/**
 * What silences hide now. The silences are few; each is looked up in the open findings, and only where one covers a finding are
 * the findings counted.
 */
export async function countHidden(db: Db): Promise<HiddenNow> {
  const { rows } = await sql<HiddenNow>`
    SELECT hiding.silences,
           CASE WHEN hiding.silences = 0 THEN 0 ELSE (
             SELECT count(*)::int FROM bot_findings f
             WHERE f.resolved_at IS NULL AND ${silenced(ofFinding('f'))}) END AS findings,
           CASE WHEN hiding.silences = 0 THEN 0 ELSE (
             SELECT count(*)::int FROM bot_tickets t JOIN bot_findings f ON f.id = t.finding_id
             WHERE ${isPending('t')} AND f.resolved_at IS NULL AND ${silenced(ofFinding('f'))}) END AS tickets
    FROM (SELECT count(*)::int AS silences FROM bot_silences s
          WHERE ${inForce} AND EXISTS (
            SELECT FROM bot_findings f WHERE f.resolved_at IS NULL AND ${fits(ofFinding('f'))})) hiding`.execute(
    db,
  );
  return rows[0]!;
}

export type ListedSilence = Awaited<ReturnType<typeof listSilences>>[number];

/** What a silence names (at least one of the first four), its owner, its reason, and how long it lasts. */
export interface NewSilence {
  bot_id: string | null;
  component: string | null;
  category: string | null;
  fingerprint: string | null;
  owner: string;
  reason: string;
  /** null: until what it names is resolved, or until `until` */
  seconds: number | null;
  /** the time at which it ends, in place of `seconds` */
  until?: Date | null;
}

export const addSilence = (
  db: Db,
  { seconds, until = null, ...values }: NewSilence,
): Promise<SilenceRow> =>
  db
    .insertInto('bot_silences')
    .values({
      ...values,
      until_resolved: seconds === null && until === null,
      // Rounded up to a whole second, because times are shown without fractions.
      expires_at:
        seconds === null
          ? until
          : sql<Date>`date_trunc('second', engine.now() + make_interval(secs => ${seconds}) + interval '0.999999 s')`,
      created_at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();

/** Whether a finding, open or resolved, ever fitted all that a silence would name. */
export async function hasFitted(
  db: Db,
  {
    bot_id,
    component,
    category,
    fingerprint,
  }: Omit<NewSilence, 'owner' | 'reason' | 'seconds' | 'until'>,
): Promise<boolean> {
  const { rows } = await sql`
    SELECT FROM bot_findings f, (SELECT ${bot_id}::uuid AS bot_id, ${component}::text AS component,
                                        ${category}::text AS category, ${fingerprint}::text AS fingerprint) s
    WHERE ${fits(ofFinding('f'))} LIMIT 1`.execute(db);
  return rows.length > 0;
}

/**
 * How many open findings that stand behind one that this silence covers are not covered by a silence themselves: people are told
 * of those.
 */
export async function countBehind(db: Db, silence: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    WITH RECURSIVE causes AS (
      SELECT f.id, 0 AS hops FROM bot_findings f, bot_silences s
      WHERE s.id = ${silence}::uuid AND f.resolved_at IS NULL AND ${fits(ofFinding('f'))}
      UNION
      SELECT f.id, causes.hops + 1 FROM causes JOIN bot_findings f ON f.suppressed_by = causes.id
      WHERE f.resolved_at IS NULL AND causes.hops < 10 AND engine.is_suppressed(causes.id)
    )
    SELECT count(DISTINCT f.id)::int AS count FROM causes JOIN bot_findings f ON f.id = causes.id
    WHERE causes.hops > 0 AND NOT ${silenced(ofFinding('f'))}`.execute(db);
  return rows[0]!.count;
}

/** Ends a silence that is in force; undefined when it is not in force. */
export const endSilence = (db: Db, id: string): Promise<SilenceRow | undefined> =>
  db
    .updateTable('bot_silences as s')
    .set({ ended_at: now })
    .where('s.id', '=', id)
    .where(sql<boolean>`${inForce}`)
    .returningAll('s')
    .executeTakeFirst();

/** How many silences one statement ends; the next call ends the rest. */
const maxAtOnce = 500;

/**
 * Ends the silences that last until what they name is resolved: a finding that they cover was open since they began,
 * and none is open now. A problem that comes and goes does not count as resolved. Returns the number of ended
 * silences.
 */
export async function endResolvedSilences(db: Db): Promise<number> {
  const finding = fits(ofFinding('f'));
  const { rows } = await sql`
    UPDATE bot_silences e SET ended_at = engine.now()
    WHERE e.id IN (
      SELECT s.id FROM bot_silences s
      WHERE s.ended_at IS NULL AND s.until_resolved
        AND NOT EXISTS (SELECT FROM bot_findings f WHERE f.resolved_at IS NULL AND ${finding})
        -- Lists all severities: with them the planner can use the index on (severity, resolved_at) to find what was
        -- resolved since.
        AND EXISTS (SELECT FROM bot_findings f WHERE f.severity = ANY (${sql.lit(`{${severities.join(',')}}`)})
                      AND f.resolved_at >= s.created_at AND ${finding})
        AND NOT EXISTS (SELECT FROM bot_finding_states m JOIN bot_findings f ON f.bot_id = m.bot_id AND f.fingerprint = m.fingerprint
                        WHERE m.flapping_since IS NOT NULL AND f.resolved_at >= s.created_at AND ${finding})
      -- Locks bot_silences in no fixed order; rows that others hold are skipped.
      LIMIT ${sql.lit(maxAtOnce)} FOR NO KEY UPDATE OF s SKIP LOCKED)
    RETURNING e.id`.execute(db);
  return rows.length;
}
