import type { Log } from '../log.ts';
import { kinds } from './kinds.ts';
import type { Kind } from './kind.ts';
import { openEvents, type Events, type Subscriber } from './events.ts';

/** Writes each event as one line: its facts, and its sentence as the message. */
export const logTo =
  (log: Log): Subscriber =>
  ({ name, facts }) => {
    const { level, sentence } = kinds[name] as Kind<object>;
    if (log.isLevelEnabled(level)) log[level](facts, sentence(facts));
  };

/** Opens the events of a process; this log writes all of them. */
export function eventsTo(log: Log): Events {
  const events = openEvents();
  events.subscribe(logTo(log));
  return events;
}
