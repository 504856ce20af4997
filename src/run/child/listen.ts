import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { frameOf, readFrames } from './frames.ts';
import type { Watch } from './rest.ts';
import type { Beginning, CarryOut, FromChild, Kind, Tasks, ToChild } from './task.ts';
import { thrownBy } from './thrown.ts';

/** the file descriptor of the channel in the worker's `stdio` */
const channel = 3;

/** Which task the code that runs belongs to, also after its timers and answers. */
const tasks = new AsyncLocalStorage<number>();
let current: { id: number; controller: AbortController } | null = null;

/** Whether the code that runs was left behind by a task that is over. */
export function isLeftBehind(): boolean {
  const of = tasks.getStore();
  return of !== undefined && of !== current?.id;
}

/**
 * A child's end of the channel: begins when it is told with what, then does one task after the other. What `watch`
 * returns looks after the process when each has ended, and when the worker asks; until then it takes no other one.
 */
export function listen(begin: (beginning: Beginning) => CarryOut, watch: () => Watch): void {
  const socket = new Socket({ fd: channel, readable: true, writable: true });
  let carryOut: CarryOut;
  let self: Watch;

  const write = (frame: Buffer) => new Promise<void>((done) => socket.write(frame, () => done()));
  const say = (message: FromChild) => write(frameOf(message));

  async function answerOf(id: number, kind: Kind, task: unknown): Promise<Buffer> {
    const controller = new AbortController();
    current = { id, controller };
    try {
      const given = task as Tasks[Kind]['task'];
      const result = await tasks.run(id, () => carryOut(kind, given, controller.signal));
      return frameOf({ id, result });
    } catch (error) {
      return frameOf({ id, thrown: thrownBy(error) });
    }
  }

  async function work(id: number, kind: Kind, task: unknown): Promise<void> {
    await write(await answerOf(id, kind, task));
    current = null;
    // What the task left in the queue of microtasks comes first.
    await setImmediate();
    await say({ id, rest: await self.rest() });
  }

  const read = readFrames(
    (value) => {
      const message = value as Beginning | ToChild;
      if ('stop' in message) current?.controller.abort(message.stop);
      else if ('inspect' in message)
        void self.inspect().then((rest) => say({ id: message.inspect, rest }));
      else if ('id' in message) void work(message.id, message.kind, message.task);
      else {
        carryOut = begin(message);
        self = watch();
        void self.rest().then((ready) => say({ ready }));
      }
    },
    (why) => {
      throw new Error(`what the worker sent cannot be read: ${why}`);
    },
  );
  // When it ends, the worker is gone, and the guard ends this process.
  socket.on('error', () => {}).on('data', read);
}
