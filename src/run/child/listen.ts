import type { Beginning, CarryOut, FromChild, Kind, Tasks, ToChild } from './task.ts';
import { thrownBy } from './thrown.ts';

/** A child's end of the channel: begins when it is told with what, then does one task after the other. */
export function listen(begin: (beginning: Beginning) => CarryOut): void {
  let carryOut: CarryOut;
  let current: AbortController | null = null;

  const say = (message: FromChild) => {
    if (process.connected) process.send!(message);
  };

  async function work(id: number, kind: Kind, task: unknown): Promise<void> {
    const controller = new AbortController();
    current = controller;
    try {
      const result = await carryOut(kind, task as Tasks[Kind]['task'], controller.signal);
      say({ id, result });
    } catch (error) {
      say({ id, thrown: thrownBy(error) });
    } finally {
      if (current === controller) current = null;
    }
  }

  process.on('message', (message: Beginning | ToChild) => {
    if ('stop' in message) current?.abort(message.stop);
    else if ('id' in message) void work(message.id, message.kind, message.task);
    else {
      carryOut = begin(message);
      say('ready');
    }
  });
}
