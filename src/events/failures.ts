/** Events about what failed, or had to be repaired, in the engine itself: a part of the list in kinds.ts. */
import { eventKind } from './kind.ts';

export interface Caught {
  err: unknown;
}

export interface Lasting {
  /** how often it has failed since it last worked */
  times: number;
}

export interface OfTicker {
  from: 'node-cron';
  message: string;
}

export const failures = {
  'run.failed': eventKind<Caught & { run: string; bot: string }>('error', 'run failed'),
  'run.unfinished': eventKind<Caught & { run: string }>(
    'error',
    'run could not be finished; rescue will take it over',
  ),
  'run.unqueued': eventKind<Caught & { run: string }>(
    'warn',
    'the runs that come next could not be queued; rescue will queue them',
  ),
  'verification.unqueued': eventKind<Caught & { run: string }>(
    'warn',
    'a verification could not be queued; rescue will queue it',
  ),
  'entry.refused': eventKind<{ id: unknown; generation: unknown }>(
    'error',
    'an entry of the queue has no id and generation by which a row could be found',
  ),
  'undo.failed': eventKind<{ run: string; action: string; remedy: string | null; reason: string }>(
    'warn',
    'an effect could not be undone',
  ),
  'leases.unrenewed': eventKind<Caught>('warn', 'leases could not be renewed'),
  'flush.failed': eventKind<Caught & { runs: number; fault: string | null }>(
    'warn',
    'a flush has failed',
  ),
  'secrets.unread': eventKind<Caught>('warn', 'secrets could not be read'),
  'canary.unsent': eventKind<Caught>('warn', 'a canary could not be sent'),
  'canary.failed': eventKind<Caught & { canary: string }>('warn', 'a canary did not get through'),

  /** The error names the receiver's host, and not the rest of its address. */
  'ping.unsent': eventKind<Caught>('warn', 'the outward ping is not taken'),
  'ping.sent_again': eventKind('info', 'the outward ping is taken again'),
  'ping.failure_told': eventKind<{ reason: string }>(
    'warn',
    'the outward ping has told that runs do not move',
  ),

  'lost_runs.ended_alone': eventKind<Caught>(
    'warn',
    'lost runs could not be ended together; each is ended alone',
  ),
  'lost_run.postponed': eventKind<Caught & { run: string }>(
    'warn',
    'a lost run is ended later: another transaction has locked what it needs',
  ),
  'lost_run.unescalated': eventKind<Caught & { run: string }>(
    'error',
    'a lost run was ended without escalation, because its escalation fails',
  ),

  'job.unrequested': eventKind<Caught & { job: string }>(
    'warn',
    'a run of a job could not be requested; a timer will request it',
  ),
  'job.unqueued': eventKind<Caught & { run: string; job: string; attempt: number }>(
    'warn',
    'the retry could not be queued; rescue will queue it',
  ),
  'job.broken_off': eventKind<Caught & { run: string; job: string | undefined }>(
    'error',
    'a run of a job could not be started or ended; rescue will repair it',
  ),
  'jobs.unclaimed': eventKind<Caught & Lasting>('error', 'jobs could not be claimed'),
  'jobs.claimed_again': eventKind<Lasting>('info', 'jobs can be claimed again'),
  'job.unclaimed': eventKind<Caught & Lasting & { job: string }>(
    'error',
    'a job could not be claimed',
  ),
  'job.claimed_again': eventKind<Lasting>('info', 'every job can be claimed again'),

  'tick.failed': eventKind<Caught & Lasting>('error', 'tick failed'),
  'tick.works_again': eventKind<Lasting>('info', 'ticks work again'),
  'tick.missed': eventKind(
    'warn',
    'no tick came: the clock of this host was set back, or the host stood still',
  ),
  /** A message of node-cron. */
  'ticker.said': eventKind<OfTicker>('warn', ({ message }) => message),
  'ticker.failed': eventKind<OfTicker & Caught>('error', ({ message }) => message),
  'ticker.noted': eventKind<OfTicker & Caught>('debug', ({ message }) => message),
  'schedule.unreadable': eventKind<object>('warn', 'schedule cannot be read'),
  'slots.unclaimed': eventKind<{ schedules: number }>('error', 'due bots stay unclaimed'),
  'bots.unplanned': eventKind<Caught & Lasting & { name: string; others: number }>(
    'error',
    'bots could not be planned because of an error of this process; the next tick tries again',
  ),
  'bots.planned_again': eventKind<Lasting>('info', 'all bots can be planned again'),
  /** `window` is the id of the maintenance window. */
  'maintenance.unplanned': eventKind<Lasting & { window: string; reason: string; others: number }>(
    'error',
    'a maintenance window cannot be planned further, because its schedule cannot be read',
  ),
  'maintenance.planned_again': eventKind<Lasting>(
    'info',
    'all maintenance windows can be planned again',
  ),

  /** `timer` is the name of the timer. */
  'timer.failed': eventKind<Caught & Lasting & { timer: string }>(
    'error',
    ({ timer }) => `${timer} failed`,
  ),
  'timer.works_again': eventKind<Lasting & { timer: string }>(
    'info',
    ({ timer }) => `${timer} works again`,
  ),
  /** `clock` says how the clock is wrong. */
  'clock.wrong': eventKind<{ skewMs: number; clock: string; takesRuns: boolean }>(
    'warn',
    ({ clock, takesRuns }) =>
      `this host's clock is ${clock}${takesRuns ? '' : ': it takes no runs until that is right'}`,
  ),
  'clock.right': eventKind<{ skewMs: number }>('info', "this host's clock is right again"),
  'worker.replaced': eventKind(
    'warn',
    'the worker had stopped taking runs; another took its place',
  ),

  'subscriber.failed': eventKind<Caught>(
    'error',
    'a subscriber of events has failed; it gets no more events',
  ),
};
