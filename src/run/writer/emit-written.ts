import type { Emit } from '../../events/events.ts';
import { emitTicketChange, type TicketChange } from '../../events/ticket-change.ts';
import type { PausedBot } from '../../transitions/bots/pause-by-run.ts';
import type { RecordedChange } from './record.ts';
import type { Run } from './run.ts';

/** What one flush has committed for all its runs. */
export interface FlushChanges {
  recorded: RecordedChange[];
  paused: PausedBot[];
  tickets: TicketChange[];
}

/** Emits the events for what a flush has written, after its commit. */
export function emitWritten(
  emit: Emit,
  writes: readonly { run: Run }[],
  { recorded, paused, tickets }: FlushChanges,
): void {
  const byRun = new Map(writes.map(({ run }) => [run.id, run]));
  for (const row of recorded) emitRecorded(emit, byRun.get(row.run)!, row);
  for (const { name, reason } of paused) emit('bot.paused', { name, reason });
  for (const ticketed of tickets) emitTicketChange(emit, ticketed);
}

function emitRecorded(emit: Emit, run: Run, row: RecordedChange): void {
  const { fingerprint } = row;
  const about = { run: run.id, bot: run.bot.name, fingerprint };
  switch (row.what) {
    case 'opened': {
      const { id: finding, component, severity } = row;
      return emit('finding.opened', { ...about, finding, component, severity });
    }
    case 'counted':
      return emit('finding.counted', { ...about, finding: row.id, occurrences: row.occurrences });
    case 'resolved':
      return emit('finding.resolved', about);
    default: {
      const { id: action, remedy, component } = row;
      return emit(`heal.${row.what}`, { run: run.id, fingerprint, action, remedy, component });
    }
  }
}
