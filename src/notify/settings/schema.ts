/** The setting `notifications`: through which channels people are told of tickets, and who is told of what. */
import { z } from 'zod';
import { timeOfDay, quietHours, timezone, when } from '../../policy/schema.ts';
import { nearest } from '../../ground/nearest.ts';
import { kinds } from '../channels/index.ts';
import { routableEvents } from '../ticket-events.ts';

const name = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,49}$/,
    'a name is at most 50 lower-case letters, digits, - and _, and begins with a letter or digit',
  );
const route = z
  .strictObject({
    /** The route is for the morning report, and not for tickets. */
    report: z.literal(true, 'has to be true; leave it out otherwise').optional(),
    /** all conditions have to fit; without conditions every ticket fits */
    when: when.optional(),
    /** channels; an empty list: people are not told */
    to: z.array(name).max(20),
    on: z.array(z.enum(routableEvents)).min(1).optional(),
    /** the next route that fits decides, too */
    continue: z.boolean().default(false),
  })
  .superRefine((given, context) => {
    if (!given.report) return;
    for (const key of ['when', 'on', 'continue'] as const)
      if (given[key])
        context.addIssue({
          code: 'custom',
          path: [key],
          message: 'is about tickets, and this route is for the morning report: leave it out',
        });
  });

const report = z
  .strictObject(
    { at: timeOfDay(1439).default(8 * 60), timezone: timezone.default('UTC') },
    'has to be a map of at and timezone',
  )
  .default({ at: 8 * 60, timezone: 'UTC' });

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
    /** when the morning report is made; routes with `report: true` say where it goes */
    report,
    /** `host:port` of receivers whose addresses are not public */
    hosts: z
      .array(z.string().regex(/^[^\s/@]+:\d{1,5}$/, 'it is written as host:port'))
      .default([]),
  })
  .superRefine(({ channels, routes }, context) => {
    for (const [channelName, { kind, ...config }] of Object.entries(channels)) {
      const read = kinds.find((each) => each.kind === kind)?.config.safeParse(config);
      for (const issue of read?.error?.issues ?? [])
        context.addIssue({ ...issue, path: ['channels', channelName, ...issue.path] } as never);
    }
    for (const { path, message } of unknownChannels({ channels, routes }))
      context.addIssue({ code: 'custom', path, message });
  });

/** A document as it was written: it may have mistakes anywhere. */
interface WrittenDocument {
  channels?: unknown;
  routes?: unknown;
}

/**
 * Names in routes that no channel has. The schema finds them only in a document without other mistakes. For all other documents
 * this function is called separately, so that a person sees all mistakes at once.
 */
export function unknownChannels(document: unknown): { path: PropertyKey[]; message: string }[] {
  const { channels, routes } = (document ?? {}) as WrittenDocument;
  if (channels === null || typeof channels !== 'object' || !Array.isArray(routes)) return [];
  const known = Object.keys(channels);
  return routes.flatMap((given: { to?: unknown } | null, index) =>
    (Array.isArray(given?.to) ? given.to : []).flatMap((channelName: unknown, position) => {
      if (typeof channelName !== 'string' || known.includes(channelName)) return [];
      const [meant] = nearest(channelName, known);
      const message = `there is no channel ${channelName}; there are ${known.join(', ') || 'none'}${meant ? `; did you mean ${meant}?` : ''}`;
      return [{ path: ['routes', index, 'to', position], message }];
    }),
  );
}

export type Notifications = z.output<typeof notifications>;
