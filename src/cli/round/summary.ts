import { printable } from '../../ground/text.ts';
import type { Round, SeenFinding } from '../../services/round/make.ts';
import { isStorm } from '../../services/tickets/list.ts';
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
import { quietly } from '../silences/words.ts';
import { table } from '../terminal/table.ts';

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
  const { findings, left_open, tickets } = round;
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

  section(`Found: ${counted(findings.length, 'problem')}`);
  table(
    ['Severity', 'Problem', 'Now'],
    findings.map((finding) => [
      severity(finding.severity),
      printable(finding.title),
      finding.resolved_at
        ? paint('green', printable(finding.resolution_method ?? 'resolved'))
        : (quietly(finding) ?? openWith(finding.ticket)),
    ]),
    nothingFound(round),
  );
  if (left_open > 0 && findings.length > 0) say(leftOpen(left_open));

  section(
    `Healed and verified: ${actions.filter(({ success }) => success).length} of ${actions.length}`,
  );
  const width = Math.max(0, ...actions.map((action) => action.state.length));
  for (const action of actions) {
    const gap = ' '.repeat(width - action.state.length + 2);
    say(`${state(action.state)}${gap}${printable(action.action_description)}`);
    const came = action.success
      ? 'the same check ran again and passed'
      : printable(action.error_message ?? notVerified(action));
    say(paint('dim', `${' '.repeat(width + 2)}${came}`));
  }
  if (actions.length === 0) say(nothingDone(round));

  section(`For people: ${counted(tickets.length, 'ticket')}`);
  table(
    ['Ticket', 'Severity', 'With', 'About'],
    tickets.map((ticket) => [
      `T-${ticket.number}`,
      severity(ticket.severity),
      printable(ticket.assigned_to ?? '-'),
      printable(ticket.title),
    ]),
    executions.every(({ status }) => status === 'success')
      ? 'Nothing that this round found needs a person.'
      : 'Nothing that this round found needs a person; but not every bot could be asked.',
  );
  for (const ticket of tickets)
    if (isStorm(ticket))
      say(
        `T-${ticket.number} stands for ${counted(stoodFor(findings, ticket), 'open problem')}: when the storm is over, each that is left gets what its severity asks for.`,
      );
  const none = withoutTicket(findings);
  if (none) say(`Without a ticket: ${none}.`);
  if (next) say(`\n${next}`);
}

/** `open, T-3` */
const openWith = (ticket: SeenFinding['ticket']): string =>
  ticket ? `open, ${ticket.stands_for === 'storm' ? 'storm ' : ''}T-${ticket.number}` : 'open';

const stoodFor = (findings: SeenFinding[], { id }: { id: string }): number =>
  findings.filter(({ ticket }) => ticket?.id === id).length;

/** `2 low, 1 info`: open ones of which people are told as usual, and for which no ticket stands. */
const withoutTicket = (findings: SeenFinding[]): string =>
  severityWords
    .map((word) => [word, findings.filter((each) => each.severity === word && isBare(each)).length])
    .filter(([, count]) => count !== 0)
    .map(([word, count]) => `${count} ${word}`)
    .join(', ');

const isBare = (finding: SeenFinding): boolean =>
  !finding.resolved_at && finding.ticket === null && quietly(finding) === null;

const ofVerdicts: Record<string, string> = {
  suggested: 'with a suggestion',
  blocked: 'kept back by a gate',
  held_out: 'left alone for one run',
  shadowed: 'with an entry in shadow',
};

/** Why nothing was applied. That nothing known fits is only said where healing has looked at everything. */
function nothingDone({ executions, findings, verdicts }: Round): string {
  if (findings.length === 0) return 'Nothing had to be healed.';
  const left = Object.entries(verdicts).flatMap(([verdict, count]) =>
    ofVerdicts[verdict] ? `${counted(count, 'problem')} ${ofVerdicts[verdict]}` : [],
  );
  if (left.length > 0)
    return `Nothing was applied: ${left.join(', ')}; npx roundsman findings explain says why.`;
  const isKnown = executions.every(({ status }) => status === 'success');
  return isKnown && Object.keys(verdicts).length === 0
    ? 'Nothing known fits.'
    : 'Nothing was applied.';
}

const leftOpen = (count: number): string =>
  `${counted(count, 'problem')} from before ${count === 1 ? 'is' : 'are'} still open, because nothing says that ${count === 1 ? 'it is' : 'they are'} over: npx roundsman findings list`;

function nothingFound({ executions, left_open }: Round): string {
  if (executions.some(({ status }) => status !== 'success'))
    return 'Nothing was found; but not every bot could be asked.';
  return left_open > 0
    ? `Nothing new was found. ${leftOpen(left_open)}`
    : 'Everything that was checked is as it should be.';
}

const notVerified = ({ state, judge_within }: Round['actions'][number]): string =>
  state === 'applied' && judge_within !== null
    ? 'what came since does not tell yet whether it helped; the same check is asked again'
    : 'not verified yet';

const byText = (a: string, b: string) => (a < b ? -1 : Number(a > b));

const nextStep = ({ tickets: [first] }: Round): string | null =>
  first ? `Look at one: npx roundsman tickets show T-${first.number}` : null;
