/** Issues that the remedy `github.upsert-issue` keeps and whose problems are gone, as the ledger has them. */
import { sql } from 'kysely';
import { z } from 'zod';
import type { Db } from '../../database/connect.ts';
import { isApiAddress } from '../../github/access.ts';

/** The remedy's name, as playbooks and actions have it. */
const remedy = 'github.upsert-issue';

/** For how many days after its problem was gone an issue is tried to be closed. */
export const triedDays = 7;

/** How many actions one run looks at; the next run takes the others. */
const maxActions = 100;

/** The parameters of the remedy (bots/remedies/github.upsert-issue.ts), as `bot_actions` keeps them. */
const params = z.object({
  token: z.string(),
  base_url: z.string().refine(isApiAddress),
  label: z.string().regex(/^[^,\p{Cc}]{1,50}$/u),
});

export interface GoneProblem {
  fingerprint: string;
  /** `owner/name` */
  repository: string;
  label: string;
  baseUrl: string;
  /** with its reference to a secret: `{{secret:GITHUB_TOKEN}}` */
  token: string;
  /** the number of the issue; null if the remedy found it up to date */
  number: number | null;
  /** the actions that kept it */
  actions: string[];
}

interface Row {
  id: string;
  fingerprint: string;
  repository: string | null;
  params: unknown;
  number: string | null;
}

/**
 * In any order, so that those which cannot be closed do not keep the others waiting. Only entries of knowledge that still name the remedy are looked at: they are few, while
 * the ledger may be long. A problem that is open again keeps its issue.
 */
export async function goneProblems(db: Db): Promise<GoneProblem[]> {
  const { rows } = await sql<Row>`
    SELECT a.id, a.fingerprint, a.evidence -> 'params' AS params,
           coalesce(a.evidence #>> '{params,repository}', a.component) AS repository,
           substring(a.evidence #>> '{after,number}' FROM '^[0-9]{1,9}$') AS number
    FROM bot_knowledge k
    JOIN bot_actions a ON a.knowledge_id = k.id
    JOIN bot_findings f ON f.id = a.finding_id
    WHERE strpos(k.solution, ${remedy}) > 0 AND a.remedy = ${remedy}
      AND a.applied_at IS NOT NULL AND a.state <> 'undone' AND NOT a.evidence ? 'issue_closed'
      AND f.resolved_at > engine.now() - make_interval(days => ${sql.lit(triedDays)})
      AND NOT EXISTS (SELECT FROM bot_findings o WHERE o.fingerprint = a.fingerprint AND o.resolved_at IS NULL)
    ORDER BY random() LIMIT ${sql.lit(maxActions)}`.execute(db);
  const problems = new Map<string, GoneProblem>();
  for (const { id, fingerprint, repository, params: given, number } of rows) {
    const read = params.safeParse(given);
    if (!read.success || repository === null || !/^[^/\s]+\/[^/\s]+$/.test(repository)) continue;
    const { token, base_url: baseUrl, label } = read.data;
    const key = JSON.stringify([fingerprint, repository, token, baseUrl, label]);
    const known = problems.get(key);
    problems.set(key, {
      fingerprint,
      repository,
      label,
      baseUrl,
      token,
      number: number === null ? (known?.number ?? null) : Number(number),
      actions: [...(known?.actions ?? []), id],
    });
  }
  return [...problems.values()];
}
