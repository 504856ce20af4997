import { span } from '../../ground/text.ts';
import type { Facts } from './facts.ts';

export interface Need {
  kind:
    | 'rows_hidden'
    | 'read_only'
    | 'processes'
    | 'listener_gone'
    | 'runs_waiting'
    | 'runs_lost'
    | 'jobs_stalled'
    | 'bots_unchecked'
    | 'bots_overdue'
    | 'secrets_closed'
    | 'tickets_late'
    | 'tickets_urgent'
    | 'code_refused'
    | 'remedies_missing'
    | 'bots_in_error'
    | 'jobs_failed'
    | 'backups_old'
    | 'old_rows_left'
    | 'slots_too_late'
    | 'policy_unreadable'
    | 'notifications_unusable'
    | 'channels_off'
    | 'messages_failed'
    | 'healing_off';
  /** what is wrong, how many, and since when */
  what: string;
  /** what to try: a command in backquotes, or a sentence with a command */
  try: string;
}

export const ageInWords = (at: Date | null, { now }: Facts): string =>
  at ? ` for ${span(now.getTime() - at.getTime())}` : '';
export const ago = (at: Date, { now }: Facts): string =>
  `${span(now.getTime() - at.getTime())} ago`;
export const oldestAgeInWords = (count: number, at: Date | null, facts: Facts): string =>
  count === 1 ? ageInWords(at, facts) : at ? `, the longest${ageInWords(at, facts)}` : '';
