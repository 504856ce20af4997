/** Every kind of definition, in the order in which an apply locks and changes their rows (docs/protocol.md). */
import { bots } from './bots.ts';
import type { Kind } from './kind.ts';
import { knowledge } from './knowledge.ts';
import { limits } from './limits.ts';
import { notifications } from './notifications.ts';
import { policy } from './policy.ts';
import { settings } from './settings.ts';
import { silences } from './silences.ts';

export const kinds: readonly Kind[] = [
  limits,
  settings,
  bots,
  silences,
  policy,
  notifications,
  knowledge,
];
