import { sql, type RawBuilder } from 'kysely';

/** The columns of a finding that a silence may name, as SQL. */
interface Silenceable {
  bot_id: RawBuilder<unknown>;
  component: RawBuilder<unknown>;
  category: RawBuilder<unknown>;
  fingerprint: RawBuilder<unknown>;
}

/** Whether a silence is in force for a finding: it has to fit all that the silence names. */
export const silenced = ({ bot_id, component, category, fingerprint }: Silenceable) => sql<boolean>`
  EXISTS (SELECT FROM bot_silences s WHERE s.ended_at IS NULL AND (s.until_resolved OR s.expires_at > engine.now())
    AND coalesce(s.bot_id = ${bot_id}, true) AND coalesce(s.component = ${component}, true)
    AND coalesce(s.category = ${category}, true) AND coalesce(s.fingerprint = ${fingerprint}, true))`;
