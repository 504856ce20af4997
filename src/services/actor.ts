import type { ChangeSource } from '../database/rows/change-context.ts';
import { RoundsmanError } from '../ground/errors.ts';

/** The roles, the one with the most rights first: each role may do what the roles after it may. */
const roles = ['owner', 'admin', 'operator'] as const;
export type Role = (typeof roles)[number];

/** The person who asks for a change: the name for the records, and the role. */
export interface Actor {
  name: string;
  role: Role;
  /** from where they ask, for the history of definitions; `application` unless given */
  source?: ChangeSource;
  /** the command; or the set and the file */
  place?: string;
  /** why, where the change has no reason of its own */
  why?: string;
}

/** The role of the person who asks does not allow what they ask for. */
export class NotAllowedError extends RoundsmanError {}

/** Throws {@link NotAllowedError} unless the actor's role includes `least`; `wanted` says what they asked for. */
export function authorise({ name, role }: Actor, wanted: string, least: Role): void {
  const enough: readonly Role[] = roles.slice(0, roles.indexOf(least) + 1);
  if (enough.includes(role)) return;
  throw new NotAllowedError({
    what: `${name} may not ${wanted}`,
    why: `the role ${role} does not allow it`,
    hint: `ask for it as ${enough.join(' or ')}`,
  });
}
