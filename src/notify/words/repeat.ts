import { counted } from '../../ground/text.ts';
import type { Message } from '../message.ts';
import { safeLine } from './safe.ts';

/** Says that the receiver may have the message already, and by which id a reader finds out. Null if it was not sent before. */
export const repeatOf = ({ id, repeats }: Pick<Message, 'id' | 'repeats'>): string | null =>
  repeats > 0
    ? `This may be a repeat: message ${safeLine(id.slice(0, 100))} may have been sent ${counted(repeats, 'time')} before. It is not known whether it was.`
    : null;
