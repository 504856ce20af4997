import { RoundsmanError } from '../ground/errors.ts';

/** What people may do, the most first. */
export type Role = 'owner' | 'admin' | 'operator';

/** Who asks for a change: the name that its records keep, and what they may do. */
export interface Actor {
  name: string;
  role: Role;
}

/** The role of whoever asks does not reach as far as what they ask for. */
export class NotAllowedError extends RoundsmanError {}

/** Throws {@link NotAllowedError} unless the actor has one of `roles`; `wanted` is what they asked for. */
export function authorise({ name, role }: Actor, wanted: string, ...roles: Role[]): void {
  if (roles.includes(role)) return;
  throw new NotAllowedError({
    what: `${name} may not ${wanted}`,
    why: `the role ${role} does not reach so far`,
    hint: `ask for it as ${roles.join(' or ')}`,
  });
}
