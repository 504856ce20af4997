/**
 * The list of all events of the engine: the facts of each, how much it matters, and the sentence that the log writes. An
 * event is emitted after the commit of what it reports. It may be lost with its process, so code that must not miss a
 * change reads the rows. Every process has its own events.
 */
import { failures } from './failures.ts';
import { eventKind, type Kind } from './kind.ts';
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
  /** the run that reported it; absent when a heal has held, because no run reports that */
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
  'slots.claimed': eventKind<{ queued: number; skipped: number }>('info', 'claimed'),
  'run.claimed': eventKind<{ run: string; generation: number }>('debug', 'run claimed'),
  'run.started': eventKind<OfRun & { attempt: number; trigger: string }>('debug', 'run started'),
  /** `status`: as in `bot_executions`, or `retry`. */
  'run.ended': eventKind<OfRun & { attempt: number; status: string; findings: number }>(
    'info',
    'run ended',
  ),
  'run.taken_over': eventKind<{ run: string }>(
    'warn',
    'run was taken over; its results are dropped',
  ),
  /** `bot`: this process does not know it, and another one does. */
  'run.given_on': eventKind<{ run: string; bot: string }>(
    'info',
    'run was given to a worker with other code',
  ),
  'run.stopped_by_mode': eventKind<OfRun>(
    'warn',
    'the kill switch stops the effect that is under way',
  ),
  'check.errored': eventKind<{ bot: string; check: string; reason: string }>(
    'warn',
    'check errored',
  ),

  // findings
  'finding.opened': eventKind<OfFinding & { finding: string; component: string; severity: string }>(
    'debug',
    'finding opened',
  ),
  'finding.counted': eventKind<OfFinding & { finding: string; occurrences: number }>(
    'debug',
    'finding counted again',
  ),
  'finding.resolved': eventKind<OfFinding>('debug', 'finding resolved'),

  // heals
  'heal.intended': eventKind<OfHeal>('debug', 'heal intended'),
  'heal.applied': eventKind<OfHeal>('info', 'heal applied'),
  /** Its own run, a run that judges later, or the check's next clean result has verified it. */
  'heal.verified': eventKind<OfHeal>('info', 'heal verified'),
  'heal.failed': eventKind<OfHeal>('warn', 'heal failed'),
  'heal.held': eventKind<OfHeal>('info', 'heal held'),
  'heal.relapsed': eventKind<OfHeal>('warn', 'heal relapsed'),
  /** `component` is null when the autonomy has changed for the whole entry. */
  'autonomy.changed': eventKind<{
    knowledge: string;
    component: string | null;
    before: string;
    after: string;
    why: string;
  }>('info', 'how freely an entry of knowledge may act has changed'),
  'knowledge.unexamined': eventKind<OfFinding & { entries: string[]; count: number }>(
    'warn',
    'it is not known whether these entries match: their patterns take too long',
  ),

  // tickets
  'ticket.opened': eventKind<OfTicket>('info', 'ticket opened'),
  'ticket.reopened': eventKind<OfTicket>('info', 'ticket reopened'),
  'ticket.resolved': eventKind<OfTicket>('info', 'ticket resolved'),

  // messages
  /** The message of the channel `log`. */
  'ticket.told': eventKind<{ message: string; ticket?: string; repeats: number; text: string }>(
    'info',
    'people are told of a ticket',
  ),
  'message.sent': eventKind<OfMessage>('info', 'message sent'),
  /** `again`: it is tried again later. */
  'message.unsent': eventKind<OfMessage & { why: string; again: boolean }>(
    'warn',
    'message not sent',
  ),
  'message.repeated': eventKind<{ message: string; channel: string; repeats: number }>(
    'warn',
    'a message is sent that may have been sent before: how that ended is not known',
  ),
  'channel.off': eventKind<{ channel: string; why: string }>(
    'error',
    'a channel was switched off: its receiver refuses all messages',
  ),

  // the project
  /** `bots`: how many the catalogue has now, the built-in ones included. */
  'project.read': eventKind<{ file: string; bots: number; refused: number }>(
    'info',
    'the project was read',
  ),
  /** `place`: the file and line, as seen from the project's folder. */
  'code.refused': eventKind<{ place: string; why: string; hint: string }>(
    'error',
    'code of the project was left out',
  ),

  // bots
  /** Enabled entries, each with a remedy that this process does not know: they heal nothing. */
  'knowledge.without_remedy': eventKind<{ entries: { name: string; remedy: string }[] }>(
    'error',
    'knowledge names remedies that the catalogue does not have',
  ),
  /** No living process has their code. */
  'bots.code_gone': eventKind<{ bots: string[] }>(
    'error',
    'bots are disabled until their code is back',
  ),
  'bots.code_back': eventKind<{ bots: string[] }>('info', 'bots run again: their code is back'),
  'bot.in_error': eventKind<{ name: string; reason: string }>(
    'warn',
    'bot cannot run as it is defined',
  ),
  /** A run has paused its bot; what people and remedies do is not reported here. */
  'bot.paused': eventKind<{ name: string; reason: string }>(
    'warn',
    'bot paused until a person resumes it',
  ),
  /** A run was still ending when its bot was removed. */
  'bots.closed': eventKind<{ bots: string[]; findings: number; tickets: number }>(
    'info',
    'what removed bots had left open was resolved',
  ),

  // jobs
  'job.claimed': eventKind<{ queued: number; skipped: number }>('info', 'jobs claimed'),
  'job.ended': eventKind<OfJobRun & { status: string; reason: string | null }>('info', 'job ended'),
  'job.failed': eventKind<OfJobRun & { status: string; error: string | null }>(
    'warn',
    'a job failed',
  ),
  'job.taken_over': eventKind<OfJobRun>(
    'warn',
    'a run of a job was taken over; its results are dropped',
  ),
  'job.stopped': eventKind<{ run: string; job: string }>(
    'warn',
    'a job was stopped; its results are dropped',
  ),

  // workers and rescue
  'worker.lost': eventKind<{ worker: string; runs: number }>(
    'warn',
    'a worker is lost; its runs were taken over or ended',
  ),
  rescued: eventKind<{ queued: number; takenOver: number; ended: number }>('warn', 'rescued'),
  'jobs.rescued': eventKind<{ queued: number; takenOver: number; ended: number }>(
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
