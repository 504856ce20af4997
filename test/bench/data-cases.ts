/** What `npm run bench:data` asks: every query function of the data layer, with parameters that differ from call to call. */
import type { Transaction } from 'kysely';
import { apiLogsOf, endpointTotals } from '../../src/data/analytics/api-logs.ts';
import { errorLogsOf, errorTotals } from '../../src/data/analytics/error-logs.ts';
import { pageViewsOf, pageViewTotals } from '../../src/data/analytics/page-views.ts';
import { appUsage, appUsageTotals, toolUsage, toolUsageTotals } from '../../src/data/apps/usage.ts';
import { listExecutions } from '../../src/data/bots/bot-executions.ts';
import { listFindings } from '../../src/data/bots/bot-findings.ts';
import type { Database } from '../../src/database/connect.ts';
import { creditBalance, ledgerPage } from '../../src/data/credits/ledger.ts';
import { fictionalBots } from '../../src/demo/bot-plantings.ts';
import { idOf } from '../../src/demo/planting.ts';
import type { Size } from '../../src/demo/sizes.ts';
import { leaderboardPage } from '../../src/data/games/leaderboard.ts';
import { conversationsOf } from '../../src/data/javari/conversations.ts';
import { profileByEmail, profileById } from '../../src/data/users/profiles.ts';

export interface Case {
  name: string;
  kind: 'simple' | 'complex' | 'aggregate';
  /** 'admin': only a platform admin sees anything; 'own': about the asking user */
  as: 'own' | 'admin';
  call(trx: Transaction<Database>, i: number, user: string): Promise<unknown>;
}

const endpoint = (i: number) =>
  `/api/${['apps', 'session', 'credits', 'chat'][i % 4]}/${(i % 25) + 1}`;

/** `since`: when the span of the totals begins. */
export function casesOf(size: Size, since: Date): Case[] {
  const span = { since };
  return [
    { name: 'profileById', kind: 'simple', as: 'own', call: (trx, _, id) => profileById(trx, id) },
    {
      name: 'profileByEmail',
      kind: 'simple',
      as: 'own',
      call: (trx, i) =>
        profileByEmail(trx, `person.${4 + ((i * 7_919) % (size.profiles - 3))}@moonfold.test`),
    },
    {
      name: 'creditBalance',
      kind: 'simple',
      as: 'own',
      call: (trx, _, id) => creditBalance(trx, id),
    },
    { name: 'ledgerPage', kind: 'simple', as: 'own', call: (trx, _, id) => ledgerPage(trx, id) },
    {
      name: 'conversationsOf',
      kind: 'simple',
      as: 'own',
      call: (trx, _, id) => conversationsOf(trx, id),
    },
    {
      name: 'appUsage of a user',
      kind: 'simple',
      as: 'own',
      call: (trx, _, user_id) => appUsage(trx, { user_id }),
    },
    {
      name: 'toolUsage of a user',
      kind: 'simple',
      as: 'own',
      call: (trx, _, user_id) => toolUsage(trx, { user_id }),
    },
    {
      name: 'leaderboardPage',
      kind: 'complex',
      as: 'own',
      call: (trx, i) => leaderboardPage(trx, idOf('games_catalog', i % size.games)),
    },
    {
      name: 'listExecutions of a bot',
      kind: 'simple',
      as: 'admin',
      call: (trx, i) => listExecutions(trx, { botId: idOf('bots', i % fictionalBots), limit: 50 }),
    },
    {
      name: 'listFindings of a bot',
      kind: 'simple',
      as: 'admin',
      call: (trx, i) =>
        listFindings(trx, { botId: idOf('bots', i % fictionalBots), which: 'all', limit: 50 }),
    },
    {
      name: 'apiLogsOf an endpoint',
      kind: 'simple',
      as: 'admin',
      call: (trx, i) => apiLogsOf(trx, endpoint(i)),
    },
    {
      name: 'pageViewsOf a path',
      kind: 'simple',
      as: 'admin',
      call: (trx, i) => pageViewsOf(trx, `/amber/${(i % 40) + 1}`),
    },
    {
      name: 'errorLogsOf a type',
      kind: 'simple',
      as: 'admin',
      call: (trx, i) => errorLogsOf(trx, `app.${['amber', 'brisk', 'cedar'][i % 3]}`),
    },
    {
      name: 'appUsageTotals of an app',
      kind: 'aggregate',
      as: 'admin',
      call: (trx, i) => appUsageTotals(trx, { app_id: idOf('app_catalog', i % size.apps) }, span),
    },
    {
      name: 'toolUsageTotals of an app',
      kind: 'aggregate',
      as: 'admin',
      call: (trx, i) => toolUsageTotals(trx, { app_id: idOf('app_catalog', i % size.apps) }, span),
    },
    {
      name: 'endpointTotals, a day',
      kind: 'aggregate',
      as: 'admin',
      call: (trx, i) => endpointTotals(trx, endpoint(i), span),
    },
    {
      name: 'pageViewTotals, a day',
      kind: 'aggregate',
      as: 'admin',
      call: (trx, i) => pageViewTotals(trx, `/amber/${(i % 40) + 1}`, span),
    },
    {
      name: 'errorTotals, a day',
      kind: 'aggregate',
      as: 'admin',
      call: (trx, i) => errorTotals(trx, `app.${['amber', 'brisk', 'cedar'][i % 3]}`, span),
    },
  ];
}
