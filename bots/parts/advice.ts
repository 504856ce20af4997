/** Makes entries of knowledge that tell people what to do, and apply nothing. */
import type { KnowledgeSeed } from '../../src/bot.ts';

/** Patterns are anchored by their authors: titles also contain texts from outside, which may be any words. */
export const adviceOn =
  (category: string, prefix = category) =>
  (name: string, pattern: string, solution: string): KnowledgeSeed => ({
    name: `${prefix}.${name}`,
    category,
    pattern,
    solution,
    autonomy: 'suggest',
  });
