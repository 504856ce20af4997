/** What the curator looks at: apps, and the tools in them, each with the table of its uses. */
import { sql } from '../../src/bot.ts';
import type { ReportedFinding } from '../../src/bot.ts';
import { shortened } from '../parts/in-words.ts';

export interface Kind {
  /** in the singular */
  noun: 'App' | 'Tool';
  /** the table of its uses */
  uses: string;
  /** SQL of the active ones: id, key (`app` or `app/tool`), price and created_at; those of an app without status are not active */
  active: ReturnType<typeof sql>;
  /** the column of `uses` that names it */
  of: ReturnType<typeof sql>;
  /** whether a use `u` is paid for: a failed one may be free */
  isPaid: ReturnType<typeof sql>;
}

export const apps: Kind = {
  noun: 'App',
  uses: 'app_usage',
  active: sql`SELECT id, slug AS key, credit_cost AS price, created_at FROM app_catalog WHERE status = 'active'`,
  of: sql.ref('app_id'),
  isPaid: sql`u.success`,
};

export const tools: Kind = {
  noun: 'Tool',
  uses: 'tools_usage',
  active: sql`SELECT t.id, a.slug || '/' || t.slug AS key, t.credit_cost AS price, t.created_at
    FROM tools_catalog t JOIN app_catalog a ON a.id = t.app_id WHERE a.status = 'active'`,
  of: sql.ref('tool_id'),
  isPaid: sql`true`,
};

/** What a finding about an app or a tool is about: `affected_component` holds 100 characters, the key all of them. */
export const aboutKey = (key: string): Pick<ReportedFinding, 'component' | 'key'> => ({
  component: shortened(key),
  key,
});
