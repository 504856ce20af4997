/** Takes credentials of others out of what a sender says. Their values are not known here, so they are found by their form alone. */
import { createHash } from 'node:crypto';
import { withoutCredentials } from '../../ground/secrets/literal-credentials.ts';
import type { Alarm } from './kind.ts';

/**
 * The same alarm with `[redacted]` in place of what looks like a credential. A link that holds one is left out. What has no such form
 * stays: this is no promise that none is left.
 */
export const alarmWithoutCredentials = (alarm: Alarm): Alarm => ({
  ...alarm,
  key: keyWithoutCredentials(alarm.key),
  title: withoutCredentials(alarm.title),
  description: alarm.description === null ? null : withoutCredentials(alarm.description),
  component: withoutCredentials(alarm.component),
  link: alarm.link !== null && withoutCredentials(alarm.link) === alarm.link ? alarm.link : null,
});

/** Keys that differ in a credential alone are two problems. So few digits of a digest confirm no guess of the credential. */
function keyWithoutCredentials(key: string): string {
  const clean = withoutCredentials(key);
  if (clean === key) return key;
  return `${clean} #${createHash('sha256').update(key).digest('hex').slice(0, 3)}`;
}
