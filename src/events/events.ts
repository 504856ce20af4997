import type { EngineEvent, EventName, FactsOf } from './kinds.ts';

/** Reports what happened; never throws, and waits for nothing. */
export type Emit = <Name extends EventName>(name: Name, facts: FactsOf<Name>) => void;

/** Called for every event of this process, one after the other, before the emitting code goes on: it must be quick. */
export type Subscriber = (event: EngineEvent) => void;

export interface Events {
  emit: Emit;
  /** The returned function ends the subscription. */
  subscribe(subscriber: Subscriber): () => void;
}

export function openEvents(): Events {
  const subscribers = new Set<Subscriber>();
  const emit: Emit = (name, facts) => {
    for (const subscriber of subscribers) {
      try {
        subscriber({ name, facts } as unknown as EngineEvent);
      } catch (error) {
        // A subscriber must not break the code that emits. One that fails is removed, and the others get an event about
        // it.
        subscribers.delete(subscriber);
        emit('subscriber.failed', { err: error });
      }
    }
  };
  return {
    emit,
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
  };
}
