/** The herald's own tickets: it does not watch them, because a finding about them would open another one. */
import { sql } from '../../src/bot.ts';

const endpoints = ['/api/bots/herald', 'bot:herald'];

/** Whether a row of `bots` under this alias, or none, runs the herald. */
export const isHerald = (alias: string) =>
  sql<boolean>`(coalesce(${sql.ref(`${alias}.api_endpoint`)}, '') = ANY (${endpoints}::text[]))`;
