/** The setting `notifications`: through which channels people are told of tickets, and who is told of what. */
import { z } from 'zod';
import { quietHours, when } from '../../policy/schema.ts';
import { kinds } from '../channels/index.ts';
import { everyEvent } from '../telling.ts';

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,49}$/, 'a name has small letters, digits, - and _, 50 at most');
const route = z.strictObject({
  /** everything that is named has to fit; nothing: every ticket */
  when: when.optional(),
  /** channels; none: people are not told */
  to: z.array(name).max(20),
  on: z.array(z.enum(everyEvent)).min(1).optional(),
  /** the routes behind it are asked, too */
  continue: z.boolean().default(false),
});

const channel = z.looseObject({
  kind: z.string().superRefine((kind, context) => {
    if (!kinds.some((each) => each.kind === kind))
      context.addIssue(
        `no kind of channel has this name; there are ${kinds.map((each) => each.kind).join(', ')}`,
      );
  }),
});

export const notifications = z
  .strictObject({
    channels: z.record(name, channel),
    routes: z.array(route).max(200),
    quiet_hours: quietHours,
    /** `host:port` of receivers whose addresses are not public */
    hosts: z
      .array(z.string().regex(/^[^\s/@]+:\d{1,5}$/, 'it is written as host:port'))
      .default([]),
  })
  .superRefine(({ channels, routes }, context) => {
    for (const [named, { kind, ...config }] of Object.entries(channels)) {
      const read = kinds.find((each) => each.kind === kind)?.config.safeParse(config);
      for (const issue of read?.error?.issues ?? [])
        context.addIssue({ ...issue, path: ['channels', named, ...issue.path] } as never);
    }
    routes.forEach(({ to }, at) =>
      to.forEach((named, place) => {
        if (!Object.hasOwn(channels, named))
          context.addIssue({
            code: 'custom',
            path: ['routes', at, 'to', place],
            message: `there is no channel ${named}; there are ${Object.keys(channels).join(', ') || 'none'}`,
          });
      }),
    );
  });

export type Notifications = z.output<typeof notifications>;
