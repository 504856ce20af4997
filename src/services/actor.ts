import { RoundsmanError } from '../ground/errors.ts';

/** What people may do, the most first: each role may do what those behind it may. */
const roles = ['owner', 'admin', 'operator'] as const;
export type Role = (typeof roles)[number];

/** Who asks for a change: the name that its records keep, and what they may do. */
export interface Actor {
  name: string;
  role: Role;
}

/** The role of whoever asks does not reach as far as what they ask for. */
export class NotAllowedError extends RoundsmanError {}

/** Throws {@link NotAllowedError} unless the actor's role reaches as far as `least`; `wanted` is what they asked for. */
export function authorise({ name, role }: Actor, wanted: string, least: Role): void {
  const enough: readonly Role[] = roles.slice(0, roles.indexOf(least) + 1);
  if (enough.includes(role)) return;
  throw new NotAllowedError({
    what: `${name} may not ${wanted}`,
    why: `the role ${role} does not reach so far`,
    hint: `ask for it as ${enough.join(' or ')}`,
  });
}
