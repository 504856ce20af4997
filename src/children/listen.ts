import { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { beginTask, endTask } from './current-task.ts';
import { frameOf, readFrames } from './frames.ts';
import type { Watch } from './idle-report.ts';
import type { StartMessage, CarryOut, FromChild, TaskTable, ToChild } from './protocol.ts';
import { toThrown } from './thrown.ts';

/** the file descriptor of the channel in the worker's `stdio` */
const channel = 3;

/**
 * A child's end of the channel: it waits for the worker's first message, which holds the address of the database and the
 * child's name, then does one task after the other. The functions that `watch` returns find changes in the process after
 * each task, and when the worker requests it; the child takes no other task before they have ended.
 */
export function listen<Tasks extends TaskTable<Tasks>>(
  start: (message: StartMessage) => CarryOut<Tasks>,
  watch: () => Watch,
): void {
  const socket = new Socket({ fd: channel, readable: true, writable: true });
  let carryOut: CarryOut<Tasks>;
  let self: Watch;
  let currentTask: AbortController | null = null;

  const write = (frame: Buffer) => new Promise<void>((done) => socket.write(frame, () => done()));
  const send = (message: FromChild) => write(frameOf(message));

  async function answerOf(id: number, kind: string, task: unknown): Promise<Buffer> {
    const controller = (currentTask = new AbortController());
    try {
      // The worker made the message from the same table of tasks.
      const key = kind as keyof Tasks & string;
      const given = task as Tasks[typeof key]['task'];
      const sendUpdate = (update: unknown) => void send({ id, update });
      const result = await beginTask(id, () => carryOut(key, given, controller.signal, sendUpdate));
      return frameOf({ id, result });
    } catch (error) {
      return frameOf({ id, thrown: toThrown(error) });
    }
  }

  async function work(id: number, kind: string, task: unknown): Promise<void> {
    await write(await answerOf(id, kind, task));
    currentTask = null;
    endTask();
    // First let the microtasks run that the task left in the queue.
    await setImmediate();
    await send({ id, report: await self.whenIdle() });
  }

  const read = readFrames(
    (value) => {
      const message = value as StartMessage | ToChild;
      if ('stop' in message) currentTask?.abort(message.stop);
      else if ('inspect' in message)
        void self.inspect().then((report) => send({ id: message.inspect, report }));
      else if ('id' in message) void work(message.id, message.kind, message.task);
      else {
        carryOut = start(message);
        self = watch();
        void self.whenIdle().then((ready) => send({ ready }));
      }
    },
    (why) => {
      throw new Error(`what the worker sent cannot be read: ${why}`);
    },
  );
  // When the socket ends, the worker is gone, and the guard ends this process.
  socket.on('error', () => {}).on('data', read);
}
