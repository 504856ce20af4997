import type { Emit } from '../../events/events.ts';
import { emitTicketed, type Ticketed } from '../../events/ticketed.ts';
import type { RunWrite } from './flush.ts';
import type { RecordedRow } from './record.ts';
import type { Run } from './run.ts';

/** What one flush has committed, of all its runs. */
export interface Written {
  recorded: RecordedRow[];
  tickets: Ticketed[];
}

/** Emits the events for what a flush has written, after its commit. */
export function emitWritten(emit: Emit, writes: RunWrite[], { recorded, tickets }: Written): void {
  const byRun = new Map(writes.map(({ run }) => [run.id, run]));
  for (const row of recorded) emitRecorded(emit, byRun.get(row.run)!, row);
  for (const ticketed of tickets) emitTicketed(emit, ticketed);
}

function emitRecorded(emit: Emit, run: Run, row: RecordedRow): void {
  const { fingerprint } = row;
  const of = { run: run.id, bot: run.bot.name, fingerprint };
  switch (row.what) {
    case 'opened': {
      const { id: finding, component, severity } = row;
      return emit('finding.opened', { ...of, finding, component, severity });
    }
    case 'counted':
      return emit('finding.counted', { ...of, finding: row.id, occurrences: row.occurrences });
    case 'resolved':
      return emit('finding.resolved', of);
    default: {
      const { id: action, remedy, component } = row;
      return emit(`heal.${row.what}`, { run: run.id, fingerprint, action, remedy, component });
    }
  }
}
