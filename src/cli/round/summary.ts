import { printable } from '../../ground/text.ts';
import type { Round, SeenFinding } from '../../services/round/make.ts';
import { countHealsOf } from '../../services/actions/list.ts';
import { isSnoozed, isStorm } from '../../services/tickets/list.ts';
import { healsInWords } from '../actions/heals.ts';
import { methodForList } from '../findings/resolution.ts';
import {
  counted,
  duration,
  paint,
  say,
  section,
  severity,
  severityWords,
  state,
} from '../terminal/print.ts';
import { roundTickets } from '../tickets/list.ts';
import { snoozedInWords } from '../tickets/snooze.ts';
import { isQuiet, quietInWords } from '../silences/words.ts';
import { table } from '../terminal/table.ts';
import { nothingHealed, printHeldBack } from './held-back.ts';
import { skippedChecks, unconfirmed } from './unlisted.ts';

/**
 * What a person reads after a round: what was checked, found, healed and verified, what became a ticket, and the
 * command to look at it. `bots` give the names. Bots run at the same time, so they are printed in the order of their
 * names.
 */
export function printRound(
  round: Round,
  bots: { id: string; name: string }[],
  next = nextStep(round),
): void {
  const names = new Map(bots.map(({ id, name }) => [id, name]));
  const nameOf = (bot: string | null) => names.get(bot ?? '') ?? '-';
  const { findings, left_open, tickets_left_open, now } = round;
  const tickets = round.tickets.filter((ticket) => !isSnoozed(ticket, now));
  const snoozed = round.tickets.filter((ticket) => isSnoozed(ticket, now));
  const executions = round.executions.toSorted((a, b) =>
    byText(nameOf(a.bot_id), nameOf(b.bot_id)),
  );
  const actions = round.actions.toSorted((a, b) => byText(nameOf(a.bot_id), nameOf(b.bot_id)));
  const checks = executions.reduce((sum, run) => sum + (run.checks_performed ?? 0), 0);
  section(`Checked: ${counted(executions.length, 'bot')}, ${counted(checks, 'check')}`);
  table(
    ['Bot', 'Result', 'Checks', 'Findings', 'Took'],
    executions.map((run) => [
      printable(nameOf(run.bot_id)),
      state(run.status),
      String(run.checks_performed ?? 0),
      String(run.issues_found ?? 0),
      run.error_message
        ? paint('red', printable(run.error_message))
        : duration(run.execution_time_ms),
    ]),
    'no runs',
  );

  const skipped = skippedChecks(round, nameOf);
  if (skipped) say(skipped);

  const waiting = unconfirmed(round, nameOf);
  section(`Found: ${counted(findings.length, 'problem')}`);
  table(
    ['Severity', 'Problem', 'Now'],
    findings.map((finding) => [
      severity(finding.severity),
      printable(finding.title),
      finding.resolved_at
        ? paint('green', methodForList(finding.resolution_method))
        : stateInWords(finding),
    ]),
    nothingFound(round, waiting),
  );
  if (waiting && findings.length > 0) say(waiting);
  if (left_open > 0 && findings.length > 0) say(leftOpen(left_open));

  section(headOfHeals(actions));
  const width = Math.max(0, ...actions.map((action) => action.state.length));
  for (const action of actions) {
    const gap = ' '.repeat(width - action.state.length + 2);
    const indent = ' '.repeat(width + 2);
    say(`${state(action.state)}${gap}${printable(action.action_description)}`, indent);
    const outcome = action.success
      ? 'the same check ran again and passed'
      : printable(action.error_message ?? notVerifiedInWords(action));
    say(paint('dim', `${indent}${outcome}`), indent);
  }
  if (actions.length === 0) say(nothingHealed(round));
  printHeldBack(round);

  section(headOfTickets(tickets));
  roundTickets(
    tickets,
    now,
    executions.every(({ status }) => status === 'success')
      ? 'Nothing that this round found needs a person.'
      : 'Nothing that this round found needs a person; but not every bot could run.',
  );
  for (const ticket of snoozed)
    say(`T-${ticket.number} is snoozed ${snoozedInWords(ticket, now)}: ${printable(ticket.title)}`);
  for (const ticket of tickets)
    if (isStorm(ticket))
      say(
        `T-${ticket.number} stands for ${counted(stoodFor(round, ticket), 'open problem')}${withOwn(findings, ticket)}: when the storm is over, each that is left gets what its severity asks for.`,
      );
  for (const { number, notes } of round.storms_over)
    say(`T-${number} is resolved. ${printable(notes ?? 'The storm is over.')}`);
  const none = withoutTicket(findings);
  if (none) say(`Without a ticket: ${none}.`);
  if (tickets_left_open > 0) say(otherTickets(tickets_left_open));
  if (next) say(`\n${next}`);
}

/** `open, T-3`; why it is quiet, where it is silenced or stands behind another finding, with its own ticket if it has one */
function stateInWords(finding: SeenFinding): string {
  const { ticket } = finding;
  const quiet = quietInWords(finding);
  if (quiet === null) return openWith(ticket);
  return ticket && ticket.stands_for !== 'suppressor' ? `${openWith(ticket)}, ${quiet}` : quiet;
}

/** `open, T-3` */
const openWith = (ticket: SeenFinding['ticket']): string =>
  ticket ? `open, ${ticket.stands_for === 'storm' ? 'storm ' : ''}T-${ticket.number}` : 'open';

const stoodFor = ({ storms }: Round, { id }: { id: string }): number =>
  storms.find(({ ticket_id }) => ticket_id === id)?.findings ?? 0;

/** How many of them have a ticket of their own, as far as this round saw them. */
function withOwn(findings: SeenFinding[], storm: { bot_id: string | null }): string {
  const own = findings.filter(
    ({ bot_id, resolved_at, unexamined_since, ticket }) =>
      bot_id === storm.bot_id &&
      !resolved_at &&
      !unexamined_since &&
      ticket?.stands_for === 'finding',
  ).length;
  return own > 0 ? `, ${own} of them with a ticket of ${own === 1 ? 'its' : 'their'} own` : '';
}

/** `For people: 3 tickets, 1 of them quiet`: people are not told of those that are silenced. */
function headOfTickets(tickets: Round['tickets']): string {
  const quiet = tickets.filter((ticket) => isQuiet(ticket)).length;
  return `For people: ${counted(tickets.length, 'ticket')}${quiet > 0 ? `, ${quiet} of them quiet` : ''}`;
}

/** `2 low, 1 info`: open ones that are not silenced, and for which no ticket stands. */
const withoutTicket = (findings: SeenFinding[]): string =>
  severityWords
    .map((word) => [
      word,
      findings.filter((each) => each.severity === word && isWithoutTicket(each)).length,
    ])
    .filter(([, count]) => count !== 0)
    .map(([word, count]) => `${count} ${word}`)
    .join(', ');

const isWithoutTicket = (finding: SeenFinding): boolean =>
  !finding.resolved_at && finding.ticket === null && !isQuiet(finding);

/** `Heals: 3 verified, in 5 steps` */
function headOfHeals(steps: Round['actions']): string {
  const heals = countHealsOf(steps);
  const inSteps = steps.length > heals.all ? `, in ${counted(steps.length, 'step')}` : '';
  return `Heals: ${healsInWords(heals)}${inSteps}`;
}

const otherTickets = (count: number): string =>
  `${counted(count, 'other ticket')} ${count === 1 ? 'is' : 'are'} open, about what this round did not see: npx roundsman tickets list`;

const leftOpen = (count: number): string =>
  `${counted(count, 'problem')} from before ${count === 1 ? 'is' : 'are'} still open, because no check has found ${count === 1 ? 'it' : 'them'} gone: npx roundsman findings list`;

function nothingFound({ executions, left_open }: Round, waiting: string | null): string {
  if (executions.some(({ status }) => status !== 'success'))
    return 'Nothing was found; but not every bot could run.';
  if (waiting) return left_open > 0 ? `${waiting} ${leftOpen(left_open)}` : waiting;
  return left_open > 0
    ? `Nothing new was found. ${leftOpen(left_open)}`
    : 'Everything that was checked is as it should be.';
}

const notVerifiedInWords = ({ state, judge_within }: Round['actions'][number]): string =>
  state === 'applied' && judge_within !== null
    ? 'the events since then do not show yet whether it helped; the same check is asked again'
    : 'not verified yet';

const byText = (a: string, b: string) => (a < b ? -1 : Number(a > b));

function nextStep({ tickets, now }: Round): string | null {
  const first = tickets.find((ticket) => !isSnoozed(ticket, now));
  return first ? `Look at one: npx roundsman tickets show T-${first.number}` : null;
}
