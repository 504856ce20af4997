/**
 * Answers that were read before, so that an unchanged one costs nothing: GitHub does not count a 304. An ETag is valid for one
 * token alone, and the tokens of an app change every hour, so that only personal tokens profit.
 */
import type { OutboundAnswer } from '../outbound/request.ts';

/** In characters: all answers of this process together. */
const maxCharacters = 4_000_000;

const kept = new Map<string, OutboundAnswer>();
let characters = 0;

const sizeOf = ({ body }: OutboundAnswer): number => body.length;

function remove(name: string): void {
  const answer = kept.get(name);
  if (!answer) return;
  kept.delete(name);
  characters -= sizeOf(answer);
}

/** The answer to this request as it was read last, by the id of the credentials. */
export const knownAnswer = (id: string, url: string): OutboundAnswer | undefined =>
  kept.get(`${id} ${url}`);

export function keepAnswer(id: string, url: string, answer: OutboundAnswer): void {
  const name = `${id} ${url}`;
  remove(name);
  if (!answer.headers['etag'] || sizeOf(answer) > maxCharacters / 4) return;
  kept.set(name, answer);
  characters += sizeOf(answer);
  // A map lists its entries in the order in which they were set.
  for (const [oldest] of kept) {
    if (characters <= maxCharacters) break;
    remove(oldest);
  }
}
