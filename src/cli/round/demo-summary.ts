/** What the demo prints: the worst that each bot found, and the rest in a line each. */
import { printable } from '../../ground/text.ts';
import { severityRank } from '../../ground/severity.ts';
import { countHealsOf } from '../../services/actions/list.ts';
import type { BotsInside } from '../../services/round/choose.ts';
import type { Round, SeenFinding } from '../../services/round/make.ts';
import { healsInWords } from '../actions/heals.ts';
import { methodForList } from '../findings/resolution.ts';
import { counted, paint, say, section, severity } from '../terminal/print.ts';
import { padded } from '../terminal/width.ts';
import { roundTickets } from '../tickets/list.ts';
import { printHeldBack } from './held-back.ts';

/** How many findings of each bot, heals, held back findings and tickets are shown. */
const maxFindings = 2;
const maxHeals = 6;
const maxHeldBack = 2;
const maxTickets = 5;

type Bot = BotsInside['bots'][number];

/** `bots` ran, among them `remote` over HTTPS, and `source`, to which an alarm was sent; `faults` is how many were planted. */
export function printDemo(
  round: Round,
  { bots, outside, inactive }: BotsInside,
  { faults, remote, source }: { faults: number; remote: string; source: string },
): void {
  const { executions, findings, actions, tickets, now } = round;
  const checks = executions.reduce((sum, run) => sum + (run.checks_performed ?? 0), 0);
  section(
    `Checked: ${counted(bots.length, 'bot')} with ${counted(checks, 'check')}, on a fictional platform with ${counted(faults, 'planted fault')}`,
  );
  say(`${remote} is asked over HTTPS; ${source} reads a signed alarm that came in`, '  ');
  for (const run of executions)
    if (run.status !== 'success')
      say(
        `${nameOf(bots, run.bot_id)}: ${run.status}: ${printable(run.error_message ?? run.reason ?? '')}`,
        '  ',
      );

  section(`Found: ${counted(findings.length, 'problem')}`);
  const found = bots
    .map((bot) => ({ bot, own: findings.filter(({ bot_id }) => bot_id === bot.id) }))
    .toSorted(
      (a, b) =>
        worstRank(a.own) - worstRank(b.own) ||
        b.own.length - a.own.length ||
        (a.bot.name < b.bot.name ? -1 : 1),
    );
  for (const { bot, own } of found) if (own.length > 0) printFindings(bot, own);
  const quiet = found.flatMap(({ bot, own }) => (own.length === 0 ? [bot.name] : []));
  if (quiet.length > 0) say(`Nothing: ${quiet.map(printable).join(', ')}`, '  ');
  if (outside.length > 0)
    say(`Not asked, because the demo touches no network: ${outside.join(', ')}`, '  ');
  if (inactive.length > 0) say(`Not active before they are set up: ${inactive.join(', ')}`, '  ');

  section(`Heals: ${healsInWords(countHealsOf(actions))}`);
  // Bots run at the same time: in the order of their names the demo prints the same each time.
  const byBot = actions.toSorted((a, b) =>
    nameOf(bots, a.bot_id).localeCompare(nameOf(bots, b.bot_id)),
  );
  for (const action of byBot.slice(0, maxHeals))
    say(`${paint('green', action.state)}  ${printable(action.action_description)}`, '  ');
  printMore(actions.length, maxHeals);
  printHeldBack(round, maxHeldBack);

  section(`For people: ${counted(tickets.length, 'ticket')}`);
  // Numbers are given in the order in which the bots happen to end.
  const worstFirst = tickets.toSorted(bySeverityAndTitle);
  roundTickets(worstFirst.slice(0, maxTickets), now, 'Nothing needs a person.');
  printMore(tickets.length, maxTickets);
  say('\nThe demo database was thrown away. To keep one running: npm start');
}

const nameOf = (bots: Bot[], id: string | null): string =>
  printable(bots.find((bot) => bot.id === id)?.name ?? '-');

type Titled = Pick<SeenFinding, 'severity' | 'title'>;

const bySeverityAndTitle = (a: Titled, b: Titled): number =>
  severityRank(a.severity) - severityRank(b.severity) || (a.title < b.title ? -1 : 1);

const worstRank = (findings: SeenFinding[]): number =>
  Math.min(99, ...findings.map((finding) => severityRank(finding.severity)));

function printFindings({ name }: Bot, findings: SeenFinding[]): void {
  say(`${paint('bold', printable(name))}  ${paint('dim', String(findings.length))}`);
  const width = 'critical'.length;
  const indent = ' '.repeat(width + 4);
  const worstFirst = findings.toSorted(bySeverityAndTitle);
  for (const finding of worstFirst.slice(0, maxFindings)) {
    const gap = padded(finding.severity, width).slice(finding.severity.length);
    say(
      `  ${severity(finding.severity)}${gap}  ${printable(finding.title)}${stateInWords(finding)}`,
      indent,
    );
  }
  printMore(findings.length, maxFindings, '  ');
}

/** `, T-3` or `, auto-fixed`; nothing where it is open without a ticket */
function stateInWords({ resolved_at, resolution_method, ticket }: SeenFinding): string {
  if (resolved_at) return `, ${paint('green', methodForList(resolution_method))}`;
  return ticket ? `, T-${ticket.number}` : '';
}

function printMore(all: number, shown: number, indent = ''): void {
  if (all > shown) say(paint('dim', `${indent}and ${all - shown} more`));
}
