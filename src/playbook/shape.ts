/** The shape of a playbook, without the remedies themselves. */
import { z } from 'zod';

export const maxSteps = 10;
/** how many bytes of UTF-8 a playbook may have */
export const maxBytes = 16_384;
/** how many levels of lists and maps may be inside each other, the playbook itself included */
export const maxDepth = 10;
/** how long a `verify_after` may be, in seconds */
export const maxDelay = 86_400;

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** A `verify_after` in seconds. */
export const secondsOf = (text: string): number =>
  Number(text.slice(0, -1)) * unitSeconds[text.at(-1) as keyof typeof unitSeconds];

export const delay = z
  .string('has to be a number followed by s, m, h or d, like 30s or 5m')
  .regex(/^[1-9][0-9]{0,4}[smhd]$/, 'has to be a number followed by s, m, h or d, like 30s or 5m')
  .refine((text) => !(secondsOf(text) > maxDelay), 'is longer than a day')
  .describe('How long after this step the check is asked again: 30s, 5m, 2h; a day at most.');

export const stepShape = z.strictObject({
  remedy: z.string('has to be the name of a remedy'),
  with: z.record(z.string(), z.unknown(), 'has to be a map of parameters').optional(),
  verify_after: delay.optional(),
});

export const playbookShape = z.strictObject({
  steps: z
    .array(stepShape, 'has to be a list of steps')
    .min(1, 'has no step')
    .max(maxSteps, `has more than ${maxSteps} steps`),
});
