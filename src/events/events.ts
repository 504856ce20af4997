import type { EngineEvent, EventName, FactsOf } from './kinds.ts';

/** Takes what happened; never throws, and waits for nothing. */
export type Emit = <Name extends EventName>(name: Name, facts: FactsOf<Name>) => void;

/** Called for every event of this process, one after the other, before whoever emits goes on: it must be quick. */
export type Subscriber = (event: EngineEvent) => void;

export interface Events {
  emit: Emit;
  /** The result ends the subscription. */
  subscribe(subscriber: Subscriber): () => void;
}

export function openEvents(): Events {
  const subscribers = new Set<Subscriber>();
  const emit: Emit = (name, facts) => {
    for (const subscriber of subscribers) {
      try {
        subscriber({ name, facts } as unknown as EngineEvent);
      } catch (error) {
        // What listens must not break what works, and one that fails is told to the others.
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
