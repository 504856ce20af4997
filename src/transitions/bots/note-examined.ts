/**
 * Notes how many components each check of a bot looked at when it last gave an answer, and false where its components are
 * unrelated (src/contract/finding.ts). These numbers say whether there is
 * a storm, also in a run in which some of the checks erred.
 *
 * From: any `examined`.
 * To: `examined` with the numbers of the checks that gave an answer; checks that the bot no longer has are left out.
 * By: the worker that records a run, in the flush that holds the run (part of `record`).
 * Locks: bots; the flush holds them already.
 * Zero rows: the numbers are the same as before, which is the usual case; or the run looked at nothing at all, perhaps because
 *   the source of its checks has failed.
 */
import { sql } from 'kysely';

/** `noted`. Reads `runs`. */
export const noteExamined = sql`noted AS (
    UPDATE bots b SET examined = n.examined
    FROM (SELECT runs.bot_id, (
            SELECT coalesce(jsonb_object_agg(o.key, o.value), '{}') FROM jsonb_each(was.examined) o
            -- bot_checks is NULL for a run that was stopped before it asked all of its checks.
            WHERE coalesce(o.key = ANY (runs.bot_checks), true)) || runs.component_counts AS examined
          FROM runs JOIN bots was ON was.id = runs.bot_id WHERE runs.examined_any) n
    WHERE b.id = n.bot_id AND b.examined <> n.examined
  )`;
