/** Whether what other systems send arrives: it needs a process that listens, which nothing else does. */
import type { Listener } from '../../data/progress/listeners.ts';
import { counted } from '../../ground/text.ts';
import type { Facts } from './facts.ts';
import { nodeName } from './canary-stop.ts';
import { ago, type Need } from './need.ts';
import { takesNoWrites } from './read-only.ts';

/** A process opens its listener within this time after the first source or asynchronous bot was added. */
const openWithinMs = 15_000;

/** Those that take what is sent. */
export const openListeners = ({ listening }: Facts): Listener[] =>
  listening.listeners.filter(({ alive, problem }) => alive && problem === null);

/** `2 sources and 1 asynchronous bot send`; null where nothing is sent. */
export function sendersInWords({ listening: { sources, reporters } }: Facts): string | null {
  const senders = [
    ...(sources > 0 ? [counted(sources, 'source')] : []),
    ...(reporters > 0 ? [counted(reporters, 'asynchronous bot')] : []),
  ];
  if (senders.length === 0) return null;
  return `${senders.join(' and ')} ${sources + reporters === 1 ? 'sends' : 'send'}`;
}

/**
 * Something is sent, and no process listens. Not known while the database takes no writes, because then no listener can say that it is
 * alive. `atOnce`: also where a process may be about to listen.
 */
export function listenerGone(facts: Facts, atOnce = false): Need | null {
  const { listening, now } = facts;
  const senders = sendersInWords(facts);
  if (senders === null || takesNoWrites(facts) || openListeners(facts).length > 0) return null;
  if (!atOnce && now.getTime() - listening.since!.getTime() < openWithinMs) return null;
  const [last] = listening.listeners;
  const failing = listening.listeners.find(({ alive }) => alive);
  const why = failing
    ? `${nodeName(failing)} cannot listen on ${failing.address} (${failing.problem})`
    : `no process listens${last ? ` (last sign of one ${ago(last.heartbeat_at, facts)}: ${nodeName(last)})` : ''}`;
  return {
    kind: 'listener_gone',
    what: `${why}: what ${senders} does not arrive`,
    try: failing
      ? 'end the process that has this port, or give another one with ROUNDSMAN_WEB_HOST and ROUNDSMAN_WEB_PORT, and restart it'
      : 'start `npx roundsman web`; `npx roundsman up` listens, too',
  };
}
