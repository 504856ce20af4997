import type { Emit } from './events.ts';

/** What became of a ticket when a run ended. */
export interface TicketChange {
  event: 'opened' | 'reopened' | 'resolved';
  number: string;
  severity: string;
  /** id of the run */
  run: string;
}

export const emitTicketChange = (
  emit: Emit,
  { event, number, run, severity }: TicketChange,
): void => emit(`ticket.${event}`, { ticket: `T-${number}`, run, severity });
