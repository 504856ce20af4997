import type { Session } from '../cli/session/database.ts';
import type { Emit } from '../events/events.ts';
import type { StopRequest } from './signals.ts';

/** How one start of a process ended: it was asked to stop, or its embedded database has moved to another port. */
export type End = 'stopped' | 'moved';

export interface Following {
  /** Resolves when the process is asked to stop, or when the embedded database has moved; never for another reason. */
  ended: Promise<End>;
  /** Ends the keeping of the embedded database. Call it before the session ends. */
  stop(): Promise<void>;
}

/**
 * Follows what this start depends on besides its own work: stop requests, and the embedded PostgreSQL, which is started again when it
 * has died. On another port everything has to be started again ({@link whileItMoves}).
 */
export async function followEmbedded(
  session: Session,
  { stop }: StopRequest,
  emit: Emit,
): Promise<Following> {
  const asked = stop.then(() => 'stopped' as const);
  if (!session.embedded) return { ended: asked, stop: async () => {} };
  const { keepEmbedded } = await import('./keep-embedded.ts');
  const keeper = keepEmbedded(session, emit);
  const moved = keeper.moved.then(() => 'moved' as const);
  return { ended: Promise.race([asked, moved]), stop: () => keeper.stop() };
}

/**
 * Starts, and starts again each time when the embedded database has moved. Returns the last start when it has ended; null when a stop
 * request came before it had begun.
 */
export async function whileItMoves<Running extends { ended: Promise<End> }>(
  start: () => Promise<Running | null>,
  { signal }: StopRequest,
): Promise<Running | null> {
  let running = await start();
  while (running && (await running.ended) === 'moved' && !signal.aborted) running = await start();
  return running;
}
