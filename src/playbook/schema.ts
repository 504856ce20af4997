import { z } from 'zod';
import type { Remedy } from '../contract/remedy.ts';
import { maxSteps, stepShape } from './shape.ts';

/** A playbook as JSON Schema (2020-12), each remedy with its own parameters: docs/playbook.schema.json. */
export function playbookSchema(remedies: readonly Remedy[]): object {
  const steps = remedies
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
    .map(({ name, title, params }) =>
      stepShape.extend({
        remedy: z.literal(name).describe(title),
        with: z.toJSONSchema(params, { io: 'input' }).required ? params : params.optional(),
      }),
    );
  const playbook = z.strictObject({
    steps: z
      .array(z.union(steps))
      .min(1)
      .max(maxSteps)
      .describe('The next step is taken only if the check still fails.'),
  });
  return { title: 'Playbook', ...z.toJSONSchema(playbook, { io: 'input' }) };
}
