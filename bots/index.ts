/** The catalogue. Adding a bot or a remedy is one file and one line here. */
import type { Bot, Remedy } from '../src/bot.ts';
import { conductor } from './conductor.ts';
import { janitor } from './janitor.ts';
import { ledger } from './ledger.ts';
import { refreshCachedCredits } from './remedies/ledger.refresh-cached-credits.ts';
import { expireSessions } from './remedies/session.expire.ts';
import { sentinelApi } from './sentinel-api.ts';

export const bots: Bot[] = [conductor, sentinelApi, ledger, janitor];

export const remedies: Remedy[] = [refreshCachedCredits, expireSessions];
