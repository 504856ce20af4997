/** What the escalation policy may say: the document as people write it and as `engine.policies` keeps it. */
import { z } from 'zod';
import { inUnits, secondsIn, whyUnread, type Span } from '../ground/duration.ts';
import { severities } from '../ground/severity.ts';
import { printable } from '../ground/text.ts';
import { zoneName } from '../ground/wall-clock.ts';

const minute = 60;
const day = 86_400;
export const mostRules = 50;
export const mostSteps = 10;

/** A duration within these bounds; in seconds. */
const duration = (example: string, bounds: Span) =>
  z
    .union([z.string(), z.number()], `has to be a duration, for example ${example}`)
    .transform((given, context) => {
      const text = String(given);
      const value = secondsIn(text);
      const refuse = (why: string) => {
        context.addIssue({ code: 'custom', message: `${why}; for example ${example}` });
        return z.NEVER;
      };
      if (value === null) return refuse(whyUnread(text, bounds));
      if (value > bounds.most) return refuse(`is too long: ${inUnits(bounds.most)} at most`);
      if (value < bounds.least) return refuse(`is too short: ${inUnits(bounds.least)} at least`);
      return value;
    });

/** As `bot_tickets.assigned_to` holds it; what does not show, or reorders the text beside it, names no one. */
const name = z
  .string('has to be a name')
  .trim()
  .min(1, 'is empty: give a name')
  .refine((text) => [...text].length <= 50, 'is longer than 50 characters')
  .refine(
    (text) => printable(text) === text,
    'has a character that does not show; write the name in letters that show',
  )
  .refine((text) => text !== 'me', 'is whoever asks, and no one in a policy; write the name');

const list = <Each extends z.ZodType>(each: Each, what: string, most: number) =>
  z
    .array(each, `has to be a list of ${what}`)
    .min(1, `is empty: leave it out, or name ${what}`)
    .max(most, `has more than ${most} entries`);

const severity = z.enum(severities as ['critical', 'high', 'medium', 'low', 'info'], {
  error: `has to be one of ${severities.join(', ')}`,
});

/** Which tickets a rule of the policy, or a route of messages, is about. */
export const when = z
  .strictObject(
    {
      severities: list(severity, 'severities', 5).optional(),
      categories: list(name, 'categories of findings', 100).optional(),
      bots: list(name, 'names of bots', 100).optional(),
      assignees: list(name, 'names of people', 100).optional(),
      unassigned: z.literal(true, 'has to be true; leave it out otherwise').optional(),
    },
    'has to be a map of severities, categories, bots, assignees or unassigned',
  )
  .refine(
    ({ assignees, unassigned }) => !assignees || !unassigned,
    'fits no ticket: no ticket is with one of the assignees and with no one',
  );

const step = z.strictObject(
  { after: duration('30m', { least: minute, most: 30 * day }), to: name },
  'has to be a map of after and to',
);

const rule = z.strictObject(
  {
    name: name.optional(),
    when: when.optional(),
    steps: z
      .array(step, 'has to be a list of steps')
      .max(mostSteps, `has more than ${mostSteps} steps`)
      .superRefine((steps, context) => {
        for (const [at, { after }] of steps.entries())
          if (at > 0 && after <= steps[at - 1]!.after)
            context.addIssue({
              code: 'custom',
              path: [at, 'after'],
              message: `comes no later than the step before it (${inUnits(steps[at - 1]!.after)}): every step is counted from the beginning of the ticket's clock`,
            });
      })
      .default([]),
    remind_every: duration('2h', { least: 5 * minute, most: 30 * day }).optional(),
    page_again_after: duration('4h', { least: 10 * minute, most: 90 * day }).optional(),
    raise_after: duration('24h', { least: 10 * minute, most: 90 * day }).optional(),
  },
  'has to be a map of when, steps, remind_every, page_again_after and raise_after',
);

export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** `HH:MM` as minutes of the day. */
const clock = (most: number) =>
  z
    .string("has to be a time of the day, as '22:00'")
    .regex(/^\d\d:\d\d$/, "has to be a time of the day, as '22:00'")
    .transform((text, context) => {
      const [hours, minutes] = text.split(':').map(Number) as [number, number];
      const value = hours * 60 + minutes;
      if (minutes < 60 && value <= most) return value;
      context.addIssue({ code: 'custom', message: 'there is no such time of the day' });
      return z.NEVER;
    });

const quiet = z
  .strictObject(
    {
      severities: list(severity, 'severities', 5),
      from: clock(1439),
      to: clock(1440),
      timezone: z
        .string('has to be the name of a zone, as Europe/Berlin')
        .transform((text, context) => {
          const zone = zoneName(text);
          if (zone !== null) return zone;
          context.addIssue({
            code: 'custom',
            message: 'there is no such zone: write its IANA name, as Europe/Berlin or UTC',
          });
          return z.NEVER;
        }),
      days: z
        .array(z.enum(weekdays, { error: `has to be one of ${weekdays.join(', ')}` }))
        .min(1, 'is empty: leave it out for every day')
        .max(7)
        .default([...weekdays]),
    },
    'has to be a map of severities, from, to, timezone and days',
  )
  .refine(({ from, to }) => from !== to, {
    path: ['to'],
    message: "is the same as from; the whole day is from: '00:00', to: '24:00'",
  });

/** One, or several of which each counts. */
export const quietHours = z.preprocess(
  (given) =>
    given !== null && typeof given === 'object' && !Array.isArray(given) ? [given] : given,
  z
    .array(quiet, 'has to be a map, or a list of them')
    .max(20, 'has more than 20 entries')
    .default([]),
);

const fitsEverything = (given: z.output<typeof rule>): boolean =>
  Object.values(given.when ?? {}).every((value) => value === undefined);

export const shape = z.strictObject(
  {
    rules: z
      .array(rule, 'has to be a list of rules')
      .max(mostRules, `has more than ${mostRules} rules`)
      .superRefine((rules, context) => {
        const all = rules.findIndex(fitsEverything);
        if (all >= 0 && all < rules.length - 1)
          context.addIssue({
            code: 'custom',
            path: [all + 1],
            message: `never applies: rule ${all + 1} fits every ticket, and the first rule that fits applies; put it last`,
          });
      }),
    quiet_hours: quietHours,
  },
  'has to be a map of rules and quiet_hours',
);

/** With durations in seconds and times of the day in minutes. */
export type Policy = z.output<typeof shape>;
export type Rule = Policy['rules'][number];
export type When = z.output<typeof when>;
export type QuietHours = Policy['quiet_hours'][number];
/** As it is kept. */
export type PolicyDocument = z.input<typeof shape>;
