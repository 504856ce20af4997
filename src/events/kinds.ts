/**
 * All events of the engine, each once: its facts, how much it matters, and the sentence that the log writes. An event
 * is emitted after the commit of what it reports. It may be lost with its process, so what must not be missed is read
 * from the rows. Every process has its own events.
 */
import { failures } from './failures.ts';
import { said, type Kind } from './kind.ts';
import { ofProcess } from './of-process.ts';

/** A run, as its events name it. */
export interface OfRun {
  run: string;
  /** the bot's name */
  bot: string;
}

export interface OfFinding extends OfRun {
  fingerprint: string;
}

/** A step of a heal, which is a row of `bot_actions`. */
export interface OfHeal {
  /** the run that reported it; absent when a heal has held, which time alone shows */
  run?: string;
  action: string;
  remedy: string | null;
  component: string | null;
  fingerprint: string | null;
}

export interface OfTicket {
  /** as people write it, `T-12` */
  ticket: string;
  /** id of the run that ended */
  run: string | null;
  severity: string;
}

/** One try to send a row of `bot_notifications`. */
export interface OfMessage {
  message: string;
  channel: string;
  attempt: number;
}

export interface OfJobRun {
  run: string;
  job: string;
  attempt: number;
}

export const kinds = {
  // runs
  'slots.claimed': said<{ queued: number; skipped: number }>('info', 'claimed'),
  'run.claimed': said<{ run: string; generation: number }>('debug', 'run claimed'),
  'run.started': said<OfRun & { attempt: number; trigger: string }>('debug', 'run started'),
  /** `status`: as in `bot_executions`, or `retry`. */
  'run.ended': said<OfRun & { attempt: number; status: string; findings: number }>(
    'info',
    'run ended',
  ),
  'run.taken_over': said<{ run: string }>('warn', 'run was taken over; its results are dropped'),
  'run.stopped_by_mode': said<OfRun>('warn', 'the kill switch stops the effect that is under way'),
  'check.errored': said<{ bot: string; check: string; reason: string }>('warn', 'check errored'),

  // findings
  'finding.opened': said<OfFinding & { finding: string; component: string; severity: string }>(
    'debug',
    'finding opened',
  ),
  'finding.counted': said<OfFinding & { finding: string; occurrences: number }>(
    'debug',
    'finding counted again',
  ),
  'finding.resolved': said<OfFinding>('debug', 'finding resolved'),

  // heals
  'heal.intended': said<OfHeal>('debug', 'heal intended'),
  'heal.applied': said<OfHeal>('info', 'heal applied'),
  /** Verified by its own run, by a run that judges later, or by the check's next clean result. */
  'heal.verified': said<OfHeal>('info', 'heal verified'),
  'heal.failed': said<OfHeal>('warn', 'heal failed'),
  'heal.held': said<OfHeal>('info', 'heal held'),
  'heal.relapsed': said<OfHeal>('warn', 'heal relapsed'),
  /** For the entry as a whole, or for one component. */
  'autonomy.changed': said<{
    knowledge: string;
    component: string | null;
    before: string;
    after: string;
    why: string;
  }>('info', 'how freely knowledge may act has changed'),
  'knowledge.unexamined': said<OfFinding & { entries: string[]; count: number }>(
    'warn',
    'it is not known whether these entries match: their patterns take too long',
  ),

  // tickets
  'ticket.opened': said<OfTicket>('info', 'ticket opened'),
  'ticket.reopened': said<OfTicket>('info', 'ticket reopened'),
  'ticket.resolved': said<OfTicket>('info', 'ticket resolved'),

  // messages
  /** What the channel `log` tells people. */
  'ticket.told': said<{ message: string; ticket?: string; repeats: number; text: string }>(
    'info',
    'people are told of a ticket',
  ),
  'message.sent': said<OfMessage>('info', 'message sent'),
  /** `again`: it is tried again later. */
  'message.unsent': said<OfMessage & { why: string; again: boolean }>('warn', 'message not sent'),
  'message.repeated': said<{ message: string; channel: string; repeats: number }>(
    'warn',
    'a message is sent that may have been sent before: how that ended is not known',
  ),
  'channel.off': said<{ channel: string; why: string }>(
    'error',
    'a channel was switched off: its receiver refuses all messages',
  ),

  // bots
  'bot.in_error': said<{ name: string; reason: string }>('warn', 'bot cannot run as it is defined'),
  /** A run was still ending when its bot was removed. */
  'bots.closed': said<{ bots: string[]; findings: number; tickets: number }>(
    'info',
    'what removed bots had left open was resolved',
  ),

  // jobs
  'job.claimed': said<{ queued: number; skipped: number }>('info', 'jobs claimed'),
  'job.ended': said<OfJobRun & { status: string; reason: string | null }>('info', 'job ended'),
  'job.failed': said<OfJobRun & { status: string; error: string | null }>('warn', 'a job failed'),
  'job.taken_over': said<OfJobRun>(
    'warn',
    'a run of a job was taken over; its results are dropped',
  ),
  'job.stopped': said<{ run: string; job: string }>(
    'warn',
    'a job was stopped; its results are dropped',
  ),

  // workers and rescue
  'worker.lost': said<{ worker: string; runs: number }>(
    'warn',
    'a worker is lost; its runs were taken over or ended',
  ),
  rescued: said<{ queued: number; takenOver: number; ended: number }>('warn', 'rescued'),
  'jobs.rescued': said<{ queued: number; takenOver: number; ended: number }>(
    'warn',
    'rescued jobs',
  ),

  ...failures,
  ...ofProcess,
};

type Kinds = typeof kinds;

export type EventName = keyof Kinds;

/** The facts of the event of this name. */
export type FactsOf<Name extends EventName> = Kinds[Name] extends Kind<infer Facts> ? Facts : never;

/** An event as a subscriber gets it. */
export type EngineEvent = { [Name in EventName]: { name: Name; facts: FactsOf<Name> } }[EventName];
