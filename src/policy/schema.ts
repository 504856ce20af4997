/** What the escalation policy may say: the document as people write it and as `engine.policies` keeps it. */
import { z } from 'zod';
import { inUnits, secondsIn, whyUnread, type DurationBounds } from '../ground/duration.ts';
import { didYouMean } from '../ground/nearest.ts';
import { nearest } from '../ground/nearest.ts';
import { otherSeverities, severities } from '../ground/severity.ts';
import { printable } from '../ground/text.ts';
import { zoneName } from '../ground/wall-clock.ts';

const minute = 60;
const day = 86_400;
export const maxRules = 50;
export const maxSteps = 10;

/** A duration within these bounds; in seconds. */
export const duration = (example: string, bounds: DurationBounds) =>
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

/** A name of at most 50 characters, without characters that are invisible or reorder the text beside them. */
const shownName = z
  .string('has to be a name')
  .trim()
  .min(1, 'is empty: give a name')
  .refine((text) => [...text].length <= 50, 'is longer than 50 characters')
  .refine(
    (text) => printable(text) === text,
    'has a character that does not show; write the name in letters that show',
  );

/** The name of a person, as in `bot_tickets.assigned_to`. */
const personName = shownName.refine(
  (text) => text !== 'me',
  'is the person who runs a command, so a policy cannot name it; write the name',
);

const list = <Each extends z.ZodType>(each: Each, what: string, max: number) =>
  z
    .array(each, `has to be a list of ${what}`)
    .min(1, `is empty: leave it out, or name ${what}`)
    .max(max, `has more than ${max} entries`);

const severity = z.enum(severities as ['critical', 'high', 'medium', 'low', 'info'], {
  error({ input }) {
    const meant =
      typeof input === 'string' && (otherSeverities.get(input) ?? nearest(input, severities)[0]);
    return `has to be one of ${severities.join(', ')}${meant ? `; did you mean ${meant}?` : ''}`;
  },
});

/** Which tickets a rule of the policy, or a route of messages, is about. */
export const when = z
  .strictObject(
    {
      severities: list(severity, 'severities', 5).optional(),
      categories: list(shownName, 'categories of findings', 100).optional(),
      bots: list(shownName, 'names of bots', 100).optional(),
      assignees: list(personName, 'names of people', 100).optional(),
      unassigned: z.literal(true, 'has to be true; leave it out otherwise').optional(),
    },
    'has to be a map of severities, categories, bots, assignees or unassigned',
  )
  .refine(
    ({ assignees, unassigned }) => !assignees || !unassigned,
    'fits no ticket: a ticket cannot be both assigned to one of these people and unassigned',
  );

const step = z.strictObject(
  { after: duration('30m', { least: minute, most: 30 * day }), to: personName },
  'has to be a map of after and to',
);

const rule = z.strictObject(
  {
    name: shownName.optional(),
    when: when.optional(),
    steps: z
      .array(step, 'has to be a list of steps')
      .max(maxSteps, `has more than ${maxSteps} steps`)
      .superRefine((steps, context) => {
        for (const [index, { after }] of steps.entries())
          if (index > 0 && after <= steps[index - 1]!.after)
            context.addIssue({
              code: 'custom',
              path: [index, 'after'],
              message: `has to be longer than that of the step before it (${inUnits(steps[index - 1]!.after)}): all steps are counted from the same moment`,
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

/** `HH:MM` as minutes of the day, `max` at most. */
export const timeOfDay = (max: number) =>
  z
    .string("has to be a time of the day, as '22:00'")
    .regex(/^\d\d:\d\d$/, "has to be a time of the day, as '22:00'")
    .transform((text, context) => {
      const [hours, minutes] = text.split(':').map(Number) as [number, number];
      const value = hours * 60 + minutes;
      if (minutes < 60 && value <= max) return value;
      context.addIssue({ code: 'custom', message: 'there is no such time of the day' });
      return z.NEVER;
    });

export const timezone = z
  .string('has to be the name of a zone, as Europe/Berlin')
  .transform((text, context) => {
    const zone = zoneName(text);
    if (zone !== null) return zone;
    context.addIssue({
      code: 'custom',
      message: `there is no such zone; ${didYouMean(text, Intl.supportedValuesOf('timeZone'), 'write its IANA name, as Europe/Berlin or UTC')}`,
    });
    return z.NEVER;
  });

const quiet = z
  .strictObject(
    {
      severities: list(severity, 'severities', 5),
      from: timeOfDay(1439),
      to: timeOfDay(1440),
      timezone,
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

/** Quiet hours: one map, or a list of them. A ticket is left alone if any of them applies. */
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

export const policySchema = z.strictObject(
  {
    rules: z
      .array(rule, 'has to be a list of rules')
      .max(maxRules, `has more than ${maxRules} rules`)
      .superRefine((rules, context) => {
        const catchAll = rules.findIndex(fitsEverything);
        if (catchAll >= 0 && catchAll < rules.length - 1)
          context.addIssue({
            code: 'custom',
            path: [catchAll + 1],
            message: `never applies: rule ${catchAll + 1} fits every ticket, and the first rule that fits applies; put it last`,
          });
      }),
    quiet_hours: quietHours,
  },
  'has to be a map of rules and quiet_hours',
);

/** A policy as it is read: durations are in seconds, times of the day in minutes. */
export type Policy = z.output<typeof policySchema>;
export type Rule = Policy['rules'][number];
export type When = z.output<typeof when>;
export type QuietHours = Policy['quiet_hours'][number];
/** A policy as people write it and `engine.policies` stores it. */
export type PolicyDocument = z.input<typeof policySchema>;
