/** The herald's own tickets: it does not watch them, because a finding about them would open another one. */
import { sql } from '../../src/bot.ts';

const endpoints = ['/api/bots/herald', 'bot:herald'];

/** Whether the row of `bots` under this alias runs the herald; false where there is no row. */
export const isHerald = (alias: string) =>
  sql<boolean>`(coalesce(${sql.ref(`${alias}.api_endpoint`)}, '') = ANY (${endpoints}::text[]))`;
