/** What did not work, or had to be repaired, in the engine itself: the rest of the list of kinds. */
import { said } from './kind.ts';

export interface Caught {
  err: unknown;
}

/** `times`: how often it failed since the last such event, or before it worked again. */
export interface Lasting {
  times: number;
}

export interface OfTicker {
  from: 'node-cron';
  message: string;
}

export const failures = {
  'run.failed': said<Caught & { run: string; bot: string }>('error', 'run failed'),
  'run.unfinished': said<Caught & { run: string }>(
    'error',
    'run could not be finished; rescue will take it over',
  ),
  'run.unqueued': said<Caught & { run: string }>(
    'warn',
    'the runs that come next could not be queued; rescue will queue them',
  ),
  'verification.unqueued': said<Caught & { run: string }>(
    'warn',
    'a verification could not be queued; rescue will queue it',
  ),
  'entry.refused': said<{ id: unknown; generation: unknown }>(
    'error',
    'an entry of the queue names no row',
  ),
  'undo.failed': said<{ run: string; action: string; remedy: string | null; reason: string }>(
    'warn',
    'an effect could not be undone',
  ),
  'leases.unrenewed': said<Caught>('warn', 'leases could not be renewed'),
  'flush.failed': said<Caught & { runs: number; fault: string | null }>(
    'warn',
    'a flush has failed',
  ),
  'secrets.unread': said<Caught>('warn', 'secrets could not be read'),
  'canary.unsent': said<Caught>('warn', 'a canary could not be sent'),
  'canary.failed': said<Caught & { canary: string }>('warn', 'a canary did not get through'),

  /** The error names the receiver's host, and not the rest of its address. */
  'ping.unsent': said<Caught>('warn', 'the outward ping is not taken'),
  'ping.sent_again': said('info', 'the outward ping is taken again'),
  'ping.failure_told': said<{ reason: string }>(
    'warn',
    'the outward ping has told that runs do not move',
  ),

  'lost_runs.ended_alone': said<Caught>(
    'warn',
    'lost runs could not be ended together; each is ended alone',
  ),
  'lost_run.postponed': said<Caught & { run: string }>(
    'warn',
    'a lost run is ended later: another transaction holds what it needs',
  ),
  'lost_run.unescalated': said<Caught & { run: string }>(
    'error',
    'a lost run was ended without escalation, because its escalation fails',
  ),

  'job.unrequested': said<Caught & { job: string }>(
    'warn',
    'a run of a job could not be requested; a timer will request it',
  ),
  'job.unqueued': said<Caught & { run: string; job: string; attempt: number }>(
    'warn',
    'the retry could not be queued; rescue will queue it',
  ),
  'job.broken_off': said<Caught & { run: string; job: string | undefined }>(
    'error',
    'a run of a job could not be started or ended; rescue will repair it',
  ),
  'jobs.unclaimed': said<Caught & Lasting>('error', 'jobs could not be claimed'),
  'jobs.claimed_again': said<Lasting>('info', 'jobs can be claimed again'),
  'job.unclaimed': said<Caught & Lasting & { job: string }>('error', 'a job could not be claimed'),
  'job.claimed_again': said<Lasting>('info', 'every job can be claimed again'),

  'tick.failed': said<Caught & Lasting>('error', 'tick failed'),
  'tick.works_again': said<Lasting>('info', 'ticks work again'),
  'tick.missed': said(
    'warn',
    'no tick came: the clock of this host was set back, or the host stood still',
  ),
  /** A message of node-cron. */
  'ticker.said': said<OfTicker>('warn', ({ message }) => message),
  'ticker.failed': said<OfTicker & Caught>('error', ({ message }) => message),
  'ticker.noted': said<OfTicker & Caught>('debug', ({ message }) => message),
  'schedule.unreadable': said<object>('warn', 'schedule cannot be read'),
  'slots.unclaimed': said<{ schedules: number }>('error', 'due bots stay unclaimed'),
  'bots.unplanned': said<Caught & Lasting & { name: string; others: number }>(
    'error',
    'bots could not be planned because of an error of this process; the next tick tries again',
  ),
  'bots.planned_again': said<Lasting>('info', 'all bots can be planned again'),
  /** `window` is its id. */
  'maintenance.unplanned': said<Lasting & { window: string; reason: string; others: number }>(
    'error',
    'a maintenance window cannot be planned further, because its schedule cannot be read',
  ),
  'maintenance.planned_again': said<Lasting>(
    'info',
    'all maintenance windows can be planned again',
  ),

  /** `timer` is its name. */
  'timer.failed': said<Caught & Lasting & { timer: string }>(
    'error',
    ({ timer }) => `${timer} failed`,
  ),
  'timer.works_again': said<Lasting & { timer: string }>(
    'info',
    ({ timer }) => `${timer} works again`,
  ),
  /** `clock` says how it is wrong. */
  'clock.wrong': said<{ skewMs: number; clock: string; takesRuns: boolean }>(
    'warn',
    ({ clock, takesRuns }) =>
      `this host's clock is ${clock}${takesRuns ? '' : ': it takes no runs until that is right'}`,
  ),
  'clock.right': said<{ skewMs: number }>('info', "this host's clock is right again"),
  'worker.replaced': said('warn', 'the worker had stopped taking runs; another took its place'),

  'subscriber.failed': said<Caught>(
    'error',
    'a subscriber of events has failed; it gets no more events',
  ),
};
