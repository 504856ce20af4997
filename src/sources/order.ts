/**
 * Which state of a key is the newest. Senders repeat deliveries that failed, and promise no order, so an older state may arrive after a newer
 * one; where a kind says when a state came about, the older one changes nothing.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { toleranceMs, type Alarm, type SourceKind } from './reading/kind.ts';

/** The newest state of one key that is known, and when it came about by the sender's clock: milliseconds since 1970. */
interface Newest {
  at: number;
  state: Alarm['state'];
}

/** Hash of a key, time, and f for firing or r for resolved: as short as it can be, because what a check remembers has 16 KiB at most. */
export const newestStates = z.array(
  z.tuple([z.string().max(12), z.number().int(), z.enum(['f', 'r'])]),
);

export type NewestStates = z.infer<typeof newestStates>;

/** Keys with the newest times are kept; beyond them the order in which deliveries arrive counts. Each takes 36 bytes. */
const maxRemembered = 400;

export interface Order {
  /** Whether a newer state of this key is known, and is another one: then the alarm says nothing. Else it is noted. */
  isLate(alarm: Alarm, receivedAt: Date): boolean;
  /** What the next run has to know. */
  remembered(): NewestStates;
}

/**
 * `known`: what the run before has remembered. `isTimed`: whether `at` of the kind's alarms is the time at which a state came about, up to
 * `slackMs`. A time that lies in the future of the arrival is not believed.
 */
export function openOrder(
  known: NewestStates,
  { isTimed = false, slackMs = 0 }: Pick<SourceKind, 'slackMs'> & { isTimed?: boolean },
): Order {
  const newest = new Map<string, Newest>(
    known.map(([key, at, state]) => [key, { at, state: state === 'f' ? 'firing' : 'resolved' }]),
  );
  return {
    isLate({ key, state, at: said }, receivedAt) {
      const id = createHash('sha256').update(key).digest('base64url').slice(0, 12);
      const at = isTimed && said !== null ? Date.parse(said) : Number.NaN;
      if (Number.isNaN(at) || at > receivedAt.getTime() + toleranceMs) {
        newest.delete(id);
        return false;
      }
      const before = newest.get(id);
      if (before && before.at > at + slackMs) return before.state !== state;
      newest.set(id, { at: Math.max(before?.at ?? at, at), state });
      return false;
    },
    remembered: () =>
      [...newest]
        .toSorted(([, one], [, other]) => other.at - one.at)
        .slice(0, maxRemembered)
        .map(([key, { at, state }]) => [key, at, state === 'firing' ? 'f' : 'r']),
  };
}
