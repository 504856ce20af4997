/** Ends the live sessions that a finding names: their user has to sign in again. */
import { defineRemedy, NotAppliedError, sql, z } from '../../src/bot.ts';
import type { RemedyContext, Target } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';

const params = z.strictObject({});

const targetSchema = z.object({
  key: z.guid(),
  metadata: z.object({ sessions: z.array(z.guid()).min(1).max(200) }),
});

/** The user whom the finding is about, and which of this user's sessions it names. */
function sessionsOf(target: Target): { user: string; sessions: string[] } {
  const read = targetSchema.safeParse(target);
  if (!read.success) throw new NotAppliedError('the finding names no sessions of one user');
  return { user: read.data.key, sessions: read.data.metadata.sessions };
}

async function countLive({ db, now, target }: RemedyContext): Promise<number> {
  const { user, sessions } = sessionsOf(target);
  const { rows } = await sql<{ live: number }>`
    SELECT count(*)::int AS live FROM user_sessions
    WHERE id = ANY (${sessions}::uuid[]) AND user_id = ${user} AND expires_at > ${now}`.execute(db);
  return rows[0]!.live;
}

const before = z.array(z.object({ id: z.guid(), expires_at: z.string() }));

export const endSessions = defineRemedy({
  name: 'session.end',
  title: 'End the sessions that a finding names',
  risk: 'reversible',
  params,
  async isDone(_params, context) {
    return (await countLive(context)) === 0;
  },
  async apply(_params, context) {
    const { db, now, target } = context;
    const { user, sessions } = sessionsOf(target);
    // As text, because a Date cannot be infinity.
    const { rows } = await sql<{ id: string; expires_at: string }>`
      WITH live AS MATERIALIZED (
        SELECT id, expires_at FROM user_sessions
        WHERE id = ANY (${sessions}::uuid[]) AND user_id = ${user} AND expires_at > ${now}
        ORDER BY id FOR UPDATE
      )
      UPDATE user_sessions s SET expires_at = ${now} FROM live WHERE s.id = live.id
      RETURNING s.id, to_json(live.expires_at) #>> '{}' AS expires_at`.execute(db);
    return {
      summary: `ended ${counted(rows.length, 'session')} of user ${user}`,
      before: rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      after: { ended: rows.length, expires_at: now.toISOString() },
    };
  },
  /** Restores only sessions that were neither removed nor prolonged since. */
  async undo(_params, { db, before: given, after }) {
    const sessions = before.parse(given);
    const { expires_at } = z.object({ expires_at: z.string() }).parse(after);
    const { rows } = await sql<{ id: string }>`
      UPDATE user_sessions s SET expires_at = b.expires_at
      FROM jsonb_to_recordset(${JSON.stringify(sessions)}::jsonb) AS b (id uuid, expires_at timestamptz)
      WHERE s.id = b.id AND s.expires_at = ${expires_at}::timestamptz RETURNING s.id`.execute(db);
    if (rows.length === 0 && sessions.length > 0)
      throw new NotAppliedError(
        'none of these sessions is as it was left: they were removed or prolonged since',
      );
    return {
      summary: `${rows.length} of ${sessions.length} sessions are valid again`,
      before: { ended: sessions.length },
      after: { restored: rows.map(({ id }) => id).toSorted() },
    };
  },
});
