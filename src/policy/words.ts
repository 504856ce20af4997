/** What a policy says, in sentences, for who sets it and for who looks at a ticket. */
import { isScalar, stringify } from 'yaml';
import { inUnits } from '../ground/duration.ts';
import { severities, type Severity } from '../ground/severity.ts';
import { printable } from '../ground/text.ts';
import type { Policy, PolicyDocument, QuietHours, Rule } from './schema.ts';
import { weekdays } from './schema.ts';

const oneOf = (words: readonly string[]): string =>
  words.length < 2
    ? words.join('')
    : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;

/** Which tickets, apart from their severity; null: all. */
function othersInWords({ when }: Rule): string | null {
  const { categories, bots, assignees, unassigned } = when ?? {};
  const said = [
    categories && `category ${oneOf(categories)}`,
    bots && `bot ${oneOf(bots)}`,
    assignees && `with ${oneOf(assignees)}`,
    unassigned && 'with no one',
  ].filter(Boolean);
  return said.length > 0 ? said.join(', ') : null;
}

const timesOf = ({ from, to }: QuietHours): string =>
  [from, to]
    .map(
      (time) =>
        `${String(Math.floor(time / 60)).padStart(2, '0')}:${String(time % 60).padStart(2, '0')}`,
    )
    .join(' to ');

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

/** The policy in one line a rule, the first that fits applies, and one for each of the quiet hours. */
export const policyInWords = ({ rules, quiet_hours }: Policy): string[] => [
  ...rules.map((rule) => {
    const of = rule.when?.severities;
    const which =
      [of && oneOf(of), othersInWords(rule)].filter(Boolean).join(', ') || 'every ticket';
    const name = rule.name ? ` (${rule.name})` : '';
    return `${which}${name}: ${actsInWords(rule)}`;
  }),
  ...quiet_hours.map((quiet) => `quiet for ${oneOf(quiet.severities)}: ${hoursInWords(quiet)}`),
];

/** What would happen to pending tickets that no person acknowledges. */
export interface Outcome {
  severity: Severity;
  /** which of them; null: all, or all others */
  which: string | null;
  what: string;
  /** when nothing is done for this severity; null: never */
  quiet: string | null;
}

/** For each severity, in the order in which the rules are asked, up to the one that fits all that is left. */
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
    const last = fitting.findIndex((rule) => othersInWords(rule) === null);
    const asked = last < 0 ? fitting : fitting.slice(0, last + 1);
    const outcomes = asked.map((rule) => ({
      severity,
      which: othersInWords(rule),
      what: actsInWords(rule, severity),
      quiet,
    }));
    return last < 0
      ? [...outcomes, { severity, which: null, what: 'nothing happens by itself', quiet }]
      : outcomes;
  });

/** PostgreSQL keeps the keys of jsonb by their length; people read them in the order in which documents are written. */
const keysInOrder = (
  'rules quiet_hours name when severities categories bots assignees unassigned steps after ' +
  'remind_every page_again_after raise_after from to days timezone'
).split(' ');
const placeOf = ({ key }: { key: unknown }): number => {
  const place = keysInOrder.indexOf(String(isScalar(key) ? key.value : key));
  return place < 0 ? keysInOrder.length : place;
};

/** As a person may edit it and give it back. */
export const policyText = (document: PolicyDocument): string =>
  stringify(document, { lineWidth: 0, sortMapEntries: (a, b) => placeOf(a) - placeOf(b) })
    .trimEnd()
    .split('\n')
    .map(printable)
    .join('\n');
