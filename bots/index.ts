/** The catalogue. Adding a bot or a remedy is one file and one line here. */
import type { Bot, Remedy } from '../src/bot.ts';
import { conductor } from './conductor.ts';
import { janitor } from './janitor.ts';
import { ledger } from './ledger.ts';
import { setAppStatus } from './remedies/app.set-status.ts';
import { pauseBot } from './remedies/bot.pause.ts';
import { analyzeTable } from './remedies/db.analyze.ts';
import { vacuumTable } from './remedies/db.vacuum.ts';
import { sendHttpRequest } from './remedies/http.request.ts';
import { refreshRanks } from './remedies/leaderboard.refresh-ranks.ts';
import { refreshCachedCredits } from './remedies/ledger.refresh-cached-credits.ts';
import { requeueRun } from './remedies/run.requeue.ts';
import { expireSessions } from './remedies/session.expire.ts';
import { ticketNote } from './remedies/ticket.note.ts';
import { sentinelApi } from './sentinel-api.ts';
import { sentinelDb } from './sentinel-db.ts';
import { surveyor } from './surveyor.ts';

export const bots: Bot[] = [conductor, sentinelApi, sentinelDb, ledger, janitor, surveyor];

export const remedies: Remedy[] = [
  setAppStatus,
  pauseBot,
  analyzeTable,
  vacuumTable,
  sendHttpRequest,
  refreshRanks,
  refreshCachedCredits,
  requeueRun,
  expireSessions,
  ticketNote,
];
