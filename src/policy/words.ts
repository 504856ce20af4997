/** What a policy says, in sentences, for a person who sets it or looks at a ticket. */
import { inUnits } from '../ground/duration.ts';
import { severities, type Severity } from '../ground/severity.ts';
import { documentText } from './document-text.ts';
import type { Policy, PolicyDocument, QuietHours, Rule } from './schema.ts';
import { weekdays } from './schema.ts';

const oneOf = (words: readonly string[]): string =>
  words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;

/** Which tickets a rule is about, apart from their severity; null: all. */
function conditionsInWords({ when }: Rule): string | null {
  const { categories, bots, assignees, unassigned } = when ?? {};
  const said = [
    categories && `category ${oneOf(categories)}`,
    bots && `bot ${oneOf(bots)}`,
    assignees && `with ${oneOf(assignees)}`,
    unassigned && 'with no one',
  ].filter(Boolean);
  return said.length > 0 ? said.join(', ') : null;
}

/** Minutes of the day as `HH:MM`, as the documents of people have them. */
export const clockInWords = (minutes: number): string =>
  [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');

const timesOf = ({ from, to }: QuietHours): string => [from, to].map(clockInWords).join(' to ');

/** `22:00 to 07:00 Europe/Berlin, fri, sat` */
const hoursInWords = (quiet: QuietHours): string =>
  `${timesOf(quiet)} ${quiet.timezone}${quiet.days.length < weekdays.length ? `, ${quiet.days.join(', ')}` : ''}`;

/** `goes to admin after 30m, to owner after 1h; is reminded of every 2h`, for tickets of one severity or of all */
function actsInWords(rule: Rule, severity?: Severity): string {
  const { steps, remind_every, page_again_after, raise_after } = rule;
  const goes = steps.map(({ after, to }) => `to ${to} after ${inUnits(after)}`).join(', ');
  const said = [
    goes && `goes ${goes}`,
    // Nothing is more severe than critical.
    raise_after !== undefined &&
      severity !== 'critical' &&
      `becomes more severe after ${inUnits(raise_after)}`,
    remind_every !== undefined && `is reminded of every ${inUnits(remind_every)}`,
    page_again_after !== undefined &&
      `once acknowledged, pages again after ${inUnits(page_again_after)} without a change`,
  ].filter(Boolean);
  return said.length > 0 ? said.join('; ') : 'nothing happens by itself';
}

/** One line for each rule, of which the first that fits a ticket applies, and one for each of the quiet hours. */
export const policyInWords = ({ rules, quiet_hours }: Policy): string[] => [
  ...rules.map((rule) => {
    const named = rule.when?.severities;
    const which =
      [named && oneOf(named), conditionsInWords(rule)].filter(Boolean).join(', ') || 'every ticket';
    const name = rule.name ? ` (${rule.name})` : '';
    return `${which}${name}: ${actsInWords(rule)}`;
  }),
  ...quiet_hours.map((quiet) => `quiet for ${oneOf(quiet.severities)}: ${hoursInWords(quiet)}`),
];

/** What would happen to pending tickets of one severity that no person acknowledges. */
export interface Outcome {
  severity: Severity;
  /** which of them; null: all, or all others */
  which: string | null;
  what: string;
  /** when nothing is done for this severity; null: never */
  quiet: string | null;
}

/** The outcomes of each severity, in the order of its rules, up to the first rule that fits all of its tickets. */
export const outcomesOf = ({ rules, quiet_hours }: Policy): Outcome[] =>
  severities.flatMap((severity) => {
    const quiet =
      quiet_hours
        .filter((each) => each.severities.includes(severity))
        .map(hoursInWords)
        .join('; ') || null;
    const fitting = rules.filter(
      ({ when }) => !when?.severities || when.severities.includes(severity),
    );
    const last = fitting.findIndex((rule) => conditionsInWords(rule) === null);
    const reachable = last < 0 ? fitting : fitting.slice(0, last + 1);
    const outcomes = reachable.map((rule) => ({
      severity,
      which: conditionsInWords(rule),
      what: actsInWords(rule, severity),
      quiet,
    }));
    return last < 0
      ? [...outcomes, { severity, which: null, what: 'nothing happens by itself', quiet }]
      : outcomes;
  });

/** The keys of a policy, in the order in which people write them. */
const keysInOrder = (
  'rules quiet_hours name when severities categories bots assignees unassigned steps after ' +
  'remind_every page_again_after raise_after from to days timezone'
).split(' ');

/** The policy as YAML that a person may edit and give back. */
export const policyText = (document: PolicyDocument): string => documentText(document, keysInOrder);
