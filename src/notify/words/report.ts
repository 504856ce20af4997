/** What a message with the report of a morning says: whether everything ran, what to do first, and how to see the rest. */
import { counted, time, timeForCommand } from '../../ground/text.ts';
import type { Report } from '../../report/report.ts';
import { factsOf } from '../../report/facts.ts';
import { gapInWords, needsInWords, proofInWords, subjectInWords } from '../../report/words.ts';
import type { ReportMessage } from '../message.ts';
import { Parts, type Limits, type Words } from './parts.ts';
import { repeatOf } from './repeat.ts';
import { safeLine } from './safe.ts';

/** A report that is later than this says so: no process was running when it was due, or jobs had to wait. */
const lateMs = 15 * 60_000;

/** The command that reports on the same period again, from the rows as they are then. */
export const reportCommand = ({ report }: ReportMessage): string =>
  `npx roundsman report --since ${timeForCommand(report.from)}`;

const lateInWords = ({ due_at, report }: ReportMessage): string | null =>
  Date.parse(report.made_at) - due_at.getTime() > lateMs
    ? `It is late: it was due at ${time(due_at)} UTC and made at ${time(report.made_at)} UTC.`
    : null;

/** The report with all of its texts safe to show, and the notes above it. */
export function safeReport(message: ReportMessage): { report: Report; notes: string[] } {
  return {
    report: safe(message.report) as Report,
    notes: [lateInWords(message), repeatOf(message)].filter((note) => note !== null),
  };
}

/** Makes all texts in a value safe, keys included: some of them come from rows. */
function safe(value: unknown): unknown {
  if (typeof value === 'string') return safeLine(value);
  if (Array.isArray(value)) return value.map(safe);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [safeLine(key), safe(each)]),
  );
}

export function reportWords(message: ReportMessage, limits: Limits): Words {
  const parts = new Parts();
  const { report } = safeReport(message);
  const gaps = report.gaps.slice(0, limits.tickets);
  if (gaps.length < report.gaps.length)
    parts.leftOut(counted(report.gaps.length - gaps.length, 'more gap'));
  const line = (text: string): string => parts.item('the report', text, limits.line);
  const late = lateInWords(message);
  return {
    subject: parts.line(
      'the subject',
      `Morning report ${message.day}: ${subjectInWords(report)}`,
      limits.subject,
    ),
    standing: [proofInWords(report), needsInWords(report), ...(late ? [late] : [])].join(' '),
    facts: factsOf(report).map(([label, value]) => ({ label, value: line(value) })),
    body: [
      ...report.needs.map((need, index) => line(`${index + 1}. ${need.what}: ${need.try}`)),
      ...gaps.map((gap) => line(`${gap.bot}: ${gapInWords(gap)}`)),
    ],
    history: [],
    repeat: repeatOf(message),
    cut: parts.cut(reportCommand(message)),
    commands: [reportCommand(message)],
  };
}
