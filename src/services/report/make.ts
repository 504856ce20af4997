/** Makes a report; everything in it was read at one moment. */
import type { PeriodCount } from '../../data/report/figures.ts';
import * as data from '../../data/report/slots.ts';
import type { Db } from '../../database/connect.ts';
import { fitting } from '../../ground/text.ts';
import {
  skippedIn,
  type Period,
  type Report,
  type ReportedBot,
  type ReportedTicket,
} from '../../report/report.ts';
import { ofOneMoment, readFacts, type Facts } from '../progress/facts.ts';
import { compare } from './compare.ts';
import { needsOf } from './needs-of-report.ts';
import { worstFirst } from './gaps.ts';
import { countAll, periodsOf, sumOf, type Counts } from './periods.ts';
import { proveAll, type Proven } from './prove-all.ts';
import type { Proof } from './proof.ts';

/** How many characters are shown of a text from outside: a report has many of them. */
const maxCharacters = 200;

const iso = (ms: number): string => new Date(ms).toISOString();

/**
 * The report of the last of the periods between these bounds, compared with the others. Each period begins at one bound and
 * ends before the next. There have to be three bounds or more, none of them in the future.
 */
export const makeReport = (db: Db, bounds: readonly Date[]): Promise<Report> =>
  ofOneMoment(db, async (trx) => {
    const facts = await readFacts(trx);
    const bots = await data.reportedBots(trx, bounds.at(-2)!);
    const proven = await proveAll(trx, bots, bounds, facts.now);
    const counts = await countAll(trx, bounds);
    const periods = await periodsOf(trx, bounds, proven.earlier, counts);
    return asReport({ facts, bots, bounds, counts, periods, ...proven });
  });

interface ReportParts extends Proven {
  facts: Facts;
  bots: readonly data.ReportBot[];
  bounds: readonly Date[];
  counts: Counts;
  periods: Period[];
}

function asReport({
  facts,
  bots,
  bounds,
  counts,
  periods,
  proofs,
  total,
  otherRuns,
}: ReportParts): Report {
  const gaps = worstFirst(
    proofs.flatMap((proof) => proof.gaps).map((gap) => ({ ...gap, detail: shortened(gap.detail) })),
  );
  const last = bounds.length - 2;
  const byWord = (rows: readonly PeriodCount[]): Record<string, number> =>
    Object.fromEntries(
      rows.filter(({ period }) => period === last).map(({ word, count }) => [word, count]),
    );
  const needed = needsOf(facts, gaps);
  const known =
    !facts.hidden && proofs.every(({ knownFrom, isLeast }) => knownFrom === null && !isLeast);
  const now: Period = {
    ...periods.at(-1)!,
    due: total.due,
    ran: total.ran,
    failed: total.failed + total.timeout,
    skipped: skippedIn(total),
    missing: total.missing,
  };
  const all = [...periods.slice(0, -1), now];
  const { all: pending, late, urgent, snoozed, top } = facts.tickets;
  return {
    from: iso(bounds[last]!.getTime()),
    to: iso(bounds[last + 1]!.getTime()),
    made_at: facts.now.toISOString(),
    verdict: {
      everything_ran: known && total.due > 0 && total.ran === total.due,
      accounted_for: known && total.missing === 0,
      known,
      needs_attention: needed.length > 0,
    },
    needs: needed.map(({ kind, what, try: hint }) => ({ kind, what, try: hint })),
    slots: total,
    bots: bots.map((bot, index) => reportedBot(bot, proofs[index]!)),
    gaps,
    other_runs: otherRuns,
    bot_findings: byWord(counts.found),
    heals: byWord(counts.heals),
    tickets: {
      opened: now.opened,
      resolved: now.resolved,
      reopened: now.reopened,
      past_target: now.past_target,
      storms: sumOf(counts.tickets, last, 'storm'),
      pending,
      late,
      urgent,
      snoozed,
      bot_tickets: top.map((ticket) => reportedTicket(ticket, facts.now)),
    },
    bot_notifications: {
      sent: sumOf(counts.messages, last, 'sent'),
      failed: now.messages_failed,
      pending: facts.messages.pending,
      set_up: facts.messages.set_up,
    },
    maintenance: {
      windows: facts.maintenance.windows,
      open_findings: facts.maintenance.findings,
      pending_tickets: facts.maintenance.tickets,
    },
    silences: {
      count: facts.silences.silences,
      open_findings: facts.silences.findings,
      pending_tickets: facts.silences.tickets,
    },
    periods: all,
    before: compare(all),
  };
}

const shortened = (text: string | null): string | null =>
  text === null ? null : fitting(text, maxCharacters);

const reportedBot = (bot: data.ReportBot, proof: Proof): ReportedBot => ({
  name: bot.name,
  status: bot.status,
  status_reason: shortened(bot.status_reason),
  schedule_cron: bot.schedule_cron,
  timezone: bot.timezone,
  known_from: proof.knownFrom === null ? null : iso(proof.knownFrom),
  known_why: proof.knownWhy,
  is_least: proof.isLeast,
  slots: proof.slots,
});

const reportedTicket = (ticket: Facts['tickets']['top'][number], now: Date): ReportedTicket => ({
  number: String(ticket.number),
  severity: ticket.severity,
  status: ticket.status,
  title: fitting(ticket.title, maxCharacters),
  assigned_to: ticket.assigned_to,
  respond_by: ticket.respond_by?.toISOString() ?? null,
  is_late: ticket.respond_by !== null && ticket.acknowledged_at === null && ticket.respond_by < now,
});
