import { printable, withCommas } from '../../ground/text.ts';
import { findGroup } from '../../services/error-groups/find.ts';
import { showGroup, type Facet } from '../../services/error-groups/show.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { showEach } from '../listing/show-each.ts';
import { withDatabase } from '../session/database.ts';
import { sparkline } from '../terminal/bars.ts';
import * as print from '../terminal/print.ts';
import { hasUnicode } from '../terminal/signs.ts';
import { table } from '../terminal/table.ts';
import { templateInWords, typeInWords, usersInWords } from './list.ts';

type Shown = Awaited<ReturnType<typeof showGroup>>;

export const showErrors = (given: string[], options: ShowOptions): Promise<void> =>
  withDatabase(({ db }) =>
    showEach(given, options, {
      idOf: async (name) => (await findGroup(db, name)).id,
      read: (group) => showGroup(db, group),
      fields: documentOf,
      print: printGroup,
    }),
  );

const documentOf = ({ group, errors_an_hour, templates, facets, newest, finding }: Shown) => ({
  ...group,
  errors_an_hour,
  error_templates: templates,
  error_facets: facets,
  newest_errors: newest,
  bot_findings: finding ?? null,
});

function printGroup({
  group,
  errors_an_hour,
  templates,
  facets,
  newest,
  finding,
  now,
}: Shown): void {
  print.say(print.paint('bold', `${typeInWords(group)}: ${templateInWords(group)}`));
  print.say();
  print.facts([
    ['Group', group.id],
    ['Errors', withCommas(Number(group.errors))],
    ['Users', usersInWords(group.users)],
    ['First seen', print.moment(group.first_seen_at, now)],
    ['Last seen', print.moment(group.last_seen_at, now)],
    ['Last 7 days', daysInWords(errors_an_hour)],
    ['Muted', mutedInWords(group, now)],
    ['Muted by', group.muted_by && printable(group.muted_by)],
    ['Why', group.muted_reason && printable(group.muted_reason)],
    ['Finding', findingInWords(finding)],
  ]);
  print.section('Example');
  print.prose(group.example === null ? 'None yet.' : messageInWords(group.example));
  const stack = newest.find(({ stack_trace }) => stack_trace !== null)?.stack_trace;
  if (stack) {
    print.section('Stack trace of the newest error that has one');
    print.prose(stack.split('\n').slice(0, 20).map(printable).join('\n'));
  }
  for (const [kind, title, head] of facetTitles)
    printFacets(
      title,
      head,
      facets.filter((facet) => facet.kind === kind),
      now,
    );
  print.section('Templates');
  table(
    ['Template', 'Errors', 'Last', 'Words'],
    templates.map((template) => [
      template.id,
      withCommas(Number(template.errors)),
      print.relative(template.last_seen_at, now),
      templateInWords(template),
    ]),
    'None.',
  );
  print.section('Newest errors');
  table(
    ['Error', 'Seen', 'Message'],
    newest.map(({ id, seen_at, error_message }) => [
      id,
      print.relative(seen_at, now),
      error_message === null ? 'removed from error_logs' : messageInWords(error_message),
    ]),
    'None.',
    [],
    ['Error'],
  );
}

const facetTitles = [
  ['frame', "Stack frames of the platform's own code", 'Frame'],
  ['release', 'Releases', 'Release'],
  ['user', 'Users', 'User'],
] as const;

const messageInWords = (message: string): string =>
  message.trim() === '' ? '(an empty message)' : printable(message);

function printFacets(title: string, head: string, facets: Facet[], now: Date): void {
  if (facets.length === 0) return;
  print.section(title);
  table(
    ['Errors', 'First', 'Last', head],
    facets.map(({ value, errors, first_seen_at, last_seen_at }) => [
      withCommas(Number(errors)),
      print.relative(first_seen_at, now),
      print.relative(last_seen_at, now),
      value === '' ? '(others)' : printable(value),
    ]),
    'None.',
  );
}

/** `▁▁█▂▁·▁  12 in the last 24 h, at most 340 in 24 h`: the errors of the last seven times 24 hours, the newest at the right. */
function daysInWords(hours: readonly number[]): string {
  const days = Array.from({ length: 7 }, (_, day) =>
    hours.slice(day * 24, day * 24 + 24).reduce((sum, hour) => sum + hour, 0),
  );
  return `${sparkline(days, hasUnicode())}  ${withCommas(days.at(-1)!)} in the last 24 h, at most ${withCommas(Math.max(...days))} in 24 h`;
}

const mutedInWords = ({ muted_at, muted_until }: Shown['group'], now: Date): string | null =>
  muted_at && (muted_until ? `until ${print.moment(muted_until, now)}` : 'until it is unmuted');

const findingInWords = (finding: Shown['finding']): string | null =>
  finding
    ? `${finding.resolved_at ? 'resolved' : finding.severity}: ${finding.ticket ? `T-${finding.ticket}, ` : ''}\`npx roundsman findings show ${print.shortId(finding.id)}\``
    : null;
