/** Stored secrets that nothing uses, or whose values are old. It reads names and times; no value is read, and none decrypted. */
import { catalogueNameIn, secretsAskedBy, sql } from '../../src/bot.ts';
import type { Bot, CheckContext, CheckResult } from '../../src/bot.ts';
import { dayMs } from '../parts/time.ts';
import type { Config } from './config.ts';
import { reportProblems, maxProblems, type Problem } from './report.ts';

const columns = ['name', 'created_at', 'changed_at'];

/** `catalogue`: all bots, whose code may ask for secrets. */
export async function findIdleSecrets(
  config: Config,
  context: CheckContext,
  catalogue: readonly Bot[],
): Promise<CheckResult> {
  const { db, now, skip } = context;
  const { rows: rights } = await sql<{ readable: boolean }>`
    SELECT bool_and(has_column_privilege('engine.secrets', name, 'SELECT')) AS readable
    FROM unnest(${columns}::text[]) name`.execute(db);
  if (!rights[0]?.readable)
    skip(
      `checks may not read the times of stored secrets: GRANT SELECT (${columns.join(', ')}) ON engine.secrets TO roundsman_reader`,
    );
  const asked = await secretsAsked(context, catalogue);
  // References stand in what people have written: playbooks, the settings of bots, and those of the engine with its channels. Remote
  // bots and sources list the names of theirs in the setting `secrets`.
  const { rows } = await sql<{ name: string; changed_at: Date; created_at: Date; used: boolean }>`
    WITH texts AS MATERIALIZED (
      SELECT solution AS text FROM bot_knowledge WHERE removed_at IS NULL AND solution LIKE '%{{secret:%'
      UNION ALL SELECT config::text FROM bots WHERE removed_at IS NULL AND config::text LIKE '%{{secret:%'
      UNION ALL SELECT value::text FROM engine.settings WHERE value::text LIKE '%{{secret:%'
    ), named AS MATERIALIZED (
      SELECT DISTINCT m[1] AS name FROM texts, regexp_matches(text, '\\{\\{secret:([A-Z][A-Z0-9_]{0,99})\\}\\}', 'g') m
      UNION SELECT unnest(${asked}::text[])
      UNION SELECT jsonb_array_elements_text(CASE WHEN jsonb_typeof(config -> 'secrets') = 'array' THEN config -> 'secrets' ELSE '[]' END)
        FROM bots WHERE removed_at IS NULL
    )
    SELECT s.name, s.changed_at, s.created_at, EXISTS (SELECT FROM named n WHERE n.name = s.name) AS used
    FROM engine.secrets s ORDER BY s.name LIMIT ${maxProblems}`.execute(db);
  const problems = rows.flatMap(({ name, changed_at, created_at, used }): Problem[] => {
    const days = Math.floor((now.getTime() - changed_at.getTime()) / dayMs);
    const metadata = { created_at: created_at.toISOString(), changed_at: changed_at.toISOString() };
    if (!used && now.getTime() - changed_at.getTime() >= config.unused_secret_days * dayMs)
      return [
        {
          object: name,
          severity: 'low',
          title: `Secret is not used: ${name}`,
          description:
            `It was stored ${days} days ago, and no playbook, channel, setting, bot or source refers to it. \`npx roundsman secrets remove ` +
            `${name}\` removes it; revoke it where it is valid, too.`,
          metadata,
        },
      ];
    if (days <= config.max_secret_days) return [];
    return [
      {
        object: name,
        severity: 'medium',
        title: `Secret is old: ${name}; its value is ${days} days old`,
        description:
          `Make a new one where it is valid, store it with \`npx roundsman secrets set ${name}\`, then revoke the old one. ` +
          'Sealing it with another key (`secrets rotate`) does not change its value.',
        metadata,
      },
    ];
  });
  return reportProblems('secrets', config, context, {
    examined: rows.length,
    problems,
    isCut: rows.length >= maxProblems,
    figures: [{ name: 'secrets in use', value: rows.filter(({ used }) => used).length }],
  });
}

/** What the bots of this database ask for, by their code and their present settings: as `secrets list` says who uses a secret. */
async function secretsAsked(
  { db }: Pick<CheckContext, 'db'>,
  catalogue: readonly Bot[],
): Promise<string[]> {
  const byName = new Map(catalogue.map((bot) => [bot.name, bot]));
  const { rows } = await sql<{ api_endpoint: string; config: unknown }>`
    SELECT api_endpoint, config FROM bots WHERE removed_at IS NULL`.execute(db);
  return rows.flatMap(({ api_endpoint, config }) => {
    const name = catalogueNameIn(api_endpoint);
    return name === undefined ? [] : secretsAskedBy(byName.get(name), config);
  });
}
