/**
 * Notes how many components each check of a bot looked at when it last gave an answer: by this a storm is judged, also in
 * a run in which some of them erred.
 *
 * From: any `examined`.
 * To: `examined` with the numbers of the checks that gave an answer; checks that the bot has no more are left out.
 * By: the worker that records a run, in the flush that holds the run (part of `record`).
 * Locks: bots; the flush holds them already.
 * Zero rows: the same numbers as before, which is what most runs see; or the run looked at nothing at all, and may only
 *   have failed to.
 */
import { sql } from 'kysely';

/** `noted`. Reads `runs`. */
export const noteExamined = sql`noted AS (
    UPDATE bots b SET examined = n.examined
    FROM (SELECT runs.bot_id, (
            SELECT coalesce(jsonb_object_agg(o.key, o.value), '{}') FROM jsonb_each(was.examined) o
            -- NULL where a run was stopped before it came to all of its checks.
            WHERE coalesce(o.key = ANY (runs.asked), true)) || runs.counts AS examined
          FROM runs JOIN bots was ON was.id = runs.bot_id WHERE runs.looked) n
    WHERE b.id = n.bot_id AND b.examined <> n.examined
  )`;
