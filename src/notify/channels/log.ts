import { z } from 'zod';
import { defineChannel } from '../channel.ts';
import { briefLines } from '../words/words.ts';

/** Writes a line into the log of the process that delivers. It asks no other system. */
export const log = defineChannel({
  kind: 'log',
  title: 'a line in the log of the worker',
  config: z.strictObject({}),
  edits: () => false,
  async deliver(message, { emit }) {
    if (!emit)
      return { sent: false, why: 'only a worker has a log that is kept', final: 'message' };
    emit('ticket.told', {
      message: message.id,
      repeats: message.repeats,
      ...(message.kind === 'ticket' && { ticket: `T-${message.ticket.number}` }),
      text: briefLines(message).join('\n'),
    });
    return { sent: true, reference: null };
  },
  preview: (message) => briefLines(message).join('\n'),
});
