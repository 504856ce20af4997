import type { Emit } from './events.ts';

/** What became of a ticket when a run ended. */
export interface Ticketed {
  event: 'opened' | 'reopened' | 'resolved';
  number: string;
  severity: string;
  /** id of the run */
  run: string;
}

export const emitTicketed = (emit: Emit, { event, number, run, severity }: Ticketed): void =>
  emit(`ticket.${event}`, { ticket: `T-${number}`, run, severity });
