/**
 * What the policy does with one ticket now, and what comes next. It is computed from plain values, so that the job that does
 * it and the command that shows it cannot disagree.
 */
import { severities, type Severity } from '../ground/severity.ts';
import { fits } from './fits.ts';
import { quietUntil } from './quiet-hours.ts';
import type { Policy, Rule } from './schema.ts';

/** A pending ticket, as the policy sees it. */
export interface FollowedTicket {
  severity: Severity;
  category: string | null;
  /** the name of its bot */
  bot: string | null;
  /** null: it is unassigned */
  assignedTo: string | null;
  /** who had it when its clock began; null: it was unassigned */
  startedWith: string | null;
  /** when its clock began */
  began: Date;
  /** how many steps of its rule were taken since then */
  step: number;
  /** when the policy last gave it to a person or reminded of it, since its clock began */
  prompted: Date | null;
  acknowledged: Date | null;
  /** when a person last changed it or wrote into its history */
  touched: Date | null;
  /** whether the policy may raise it; not if it has done so already, or a person has said how severe the ticket is */
  mayRise: boolean;
  /** a person has it wait: nothing is done before it wakes */
  snoozed: boolean;
  /** people are not told of its problem, because of a silence or by the ticket of its cause */
  quiet: boolean;
}

export type Act =
  | { kind: 'step'; step: number; to: string }
  | { kind: 'raise'; to: Severity; after: number }
  | { kind: 'remind'; why: 'unacknowledged' | 'untouched'; since: Date };

export interface Upcoming {
  at: Date;
  act: Act;
}

export interface Escalation {
  /** what is done now; null: nothing */
  act: Act | null;
  /** when the policy has something to do about it next, as far as is known now; null: never */
  next: Upcoming | null;
}

/** How long a ticket of which people are not told is left alone before the policy looks at it again. */
const quietMs = 600_000;

/** The first rule that fits; undefined if none does. */
export const ruleFor = (
  { rules }: Policy,
  { severity, category, bot, startedWith }: FollowedTicket,
): Rule | undefined =>
  rules.find(({ when }) => fits(when, { severity, category, bot, assignee: startedWith }));

const later = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1_000);
const latest = (...times: (Date | null)[]): Date =>
  new Date(Math.max(...times.map((at) => at?.getTime() ?? 0)));

/** All that its rule still has for the ticket. Of acts that are due at the same time, the earlier in the list goes first. */
function upcomingActs(policy: Policy, ticket: FollowedTicket): Upcoming[] {
  const rule = ruleFor(policy, ticket);
  if (!rule || ticket.snoozed) return [];
  const { severity, began, step, prompted, acknowledged, touched, mayRise } = ticket;
  const { steps, remind_every, page_again_after, raise_after } = rule;
  if (acknowledged) {
    if (page_again_after === undefined) return [];
    const since = latest(acknowledged, touched);
    const at = later(latest(since, prompted), page_again_after);
    return [{ at, act: { kind: 'remind', why: 'untouched', since } }];
  }
  const all: Upcoming[] = [];
  const worse = severities[severities.indexOf(severity) - 1];
  if (raise_after !== undefined && mayRise && worse)
    all.push({
      at: later(began, raise_after),
      act: { kind: 'raise', to: worse, after: raise_after },
    });
  // The last step comes first: of several that are due, the last is taken, and those before it are left out.
  for (const [index, { after, to }] of [...steps.entries()].toReversed())
    if (index >= step)
      all.push({ at: later(began, after), act: { kind: 'step', step: index + 1, to } });
  if (remind_every !== undefined)
    all.push({
      at: later(latest(began, prompted), remind_every),
      act: { kind: 'remind', why: 'unacknowledged', since: began },
    });
  return all;
}

export function escalationOf(policy: Policy, ticket: FollowedTicket, now: Date): Escalation {
  const all = upcomingActs(policy, ticket);
  const afterQuietHours = (at: Date) => quietUntil(policy.quiet_hours, ticket.severity, at);
  const mayAct = !ticket.quiet && afterQuietHours(now).getTime() === now.getTime();
  const due = mayAct ? all.find(({ at }) => at <= now) : undefined;
  if (due) return { act: due.act, next: { at: now, act: due.act } };
  const from = ticket.quiet ? new Date(now.getTime() + quietMs) : now;
  let next: Upcoming | null = null;
  for (const { at, act } of all) {
    const when = afterQuietHours(at > from ? at : from);
    if (!next || when < next.at) next = { at: when, act };
  }
  return { act: null, next };
}

/** The ticket after this act at this time. An act that makes the ticket more severe starts its clock again. */
export function afterAct(ticket: FollowedTicket, act: Act, now: Date): FollowedTicket {
  if (act.kind === 'remind') return { ...ticket, prompted: now };
  if (act.kind === 'step') return { ...ticket, step: act.step, assignedTo: act.to, prompted: now };
  const { assignedTo: startedWith } = ticket;
  return {
    ...ticket,
    severity: act.to,
    mayRise: false,
    began: now,
    step: 0,
    prompted: null,
    startedWith,
  };
}
