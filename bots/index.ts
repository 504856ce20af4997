/** The catalogue. Adding a bot or a remedy is one file and one line here. */
import type { Bot, Remedy } from '../src/bot.ts';
import { architect } from './architect.ts';
import { conductor } from './conductor.ts';
import { curator } from './curator.ts';
import { errorWatch } from './error-watch.ts';
import { guardian } from './guardian.ts';
import { herald } from './herald.ts';
import { janitor } from './janitor.ts';
import { ledger } from './ledger.ts';
import { meter } from './meter.ts';
import { oracle } from './oracle.ts';
import { pulse } from './pulse.ts';
import { setAppStatus } from './remedies/app.set-status.ts';
import { warmUpApp } from './remedies/app.warm-up.ts';
import { pauseBot } from './remedies/bot.pause.ts';
import { analyzeTable } from './remedies/db.analyze.ts';
import { vacuumTable } from './remedies/db.vacuum.ts';
import { rerunFailedJobs } from './remedies/github.rerun-failed-jobs.ts';
import { upsertProblemIssue } from './remedies/github.upsert-issue.ts';
import { stopHealing } from './remedies/healing.stop.ts';
import { sendHttpRequest } from './remedies/http.request.ts';
import { refreshRanks } from './remedies/leaderboard.refresh-ranks.ts';
import { refreshCachedCredits } from './remedies/ledger.refresh-cached-credits.ts';
import { runEarly } from './remedies/run.early.ts';
import { requeueRun } from './remedies/run.requeue.ts';
import { endSessions } from './remedies/session.end.ts';
import { expireSessions } from './remedies/session.expire.ts';
import { ticketNote } from './remedies/ticket.note.ts';
import { scout } from './scout.ts';
import { sentinel } from './sentinel.ts';
import { sentinelApi } from './sentinel-api.ts';
import { sentinelDb } from './sentinel-db.ts';
import { surveyor } from './surveyor.ts';
import { wardenOf } from './warden.ts';

export const bots: Bot[] = [
  conductor,
  sentinelApi,
  ledger,
  janitor,
  sentinel,
  sentinelDb,
  guardian,
  oracle,
  wardenOf(() => bots),
  herald,
  meter,
  curator,
  scout,
  pulse,
  surveyor,
  errorWatch,
  architect,
];

export const remedies: Remedy[] = [
  setAppStatus,
  warmUpApp,
  pauseBot,
  analyzeTable,
  vacuumTable,
  rerunFailedJobs,
  upsertProblemIssue,
  stopHealing,
  sendHttpRequest,
  refreshRanks,
  refreshCachedCredits,
  requeueRun,
  endSessions,
  runEarly,
  expireSessions,
  ticketNote,
];
