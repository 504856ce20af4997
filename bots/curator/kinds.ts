/** What the curator looks at: apps, and the tools in them, each with the table of its uses. */
import { sql } from '../../src/bot.ts';
import type { ReportedFinding } from '../../src/bot.ts';
import { shortened } from '../parts/in-words.ts';

export interface Kind {
  /** in the singular */
  noun: 'App' | 'Tool';
  /** the table of its uses */
  uses: string;
  /** SQL for the active ones: id, key (`app` or `app/tool`), price and created_at */
  active: ReturnType<typeof sql>;
  /** the column of `uses` that refers to it */
  idColumn: ReturnType<typeof sql>;
  /** whether a use `u` is paid for: a failed one may be free */
  isPaid: ReturnType<typeof sql>;
}

export const apps: Kind = {
  noun: 'App',
  uses: 'app_usage',
  active: sql`SELECT id, slug AS key, credit_cost AS price, created_at FROM app_catalog WHERE status = 'active'`,
  idColumn: sql.ref('app_id'),
  isPaid: sql`u.success`,
};

export const tools: Kind = {
  noun: 'Tool',
  uses: 'tools_usage',
  active: sql`SELECT t.id, a.slug || '/' || t.slug AS key, t.credit_cost AS price, t.created_at
    FROM tools_catalog t JOIN app_catalog a ON a.id = t.app_id WHERE a.status = 'active'`,
  idColumn: sql.ref('tool_id'),
  isPaid: sql`true`,
};

/** The component and key of a finding about an app or tool. The component is shortened to the 100 characters that its column holds. */
export const aboutKey = (key: string): Pick<ReportedFinding, 'component' | 'key'> => ({
  component: shortened(key),
  key,
});
