/** Every kind of definition, in the order in which an apply changes their rows (docs/protocol.md). */
import type { Kind } from './kind.ts';
import { bots } from './bots.ts';
import { knowledge } from './knowledge.ts';

export const kinds: readonly Kind[] = [bots, knowledge];
