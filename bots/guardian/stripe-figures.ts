import type { Figure, ReportedFinding } from '../../src/bot.ts';
import type { Read } from './stripe-read.ts';

/** `allMissing`: the number of payments that need a row, if the platform has no row of any of them; else null. */
export function figuresOf(
  read: Read,
  {
    payments,
    allMissing,
    findings,
    unknown,
    until,
  }: {
    payments: number;
    allMissing: number | null;
    findings: ReportedFinding[];
    unknown: { asked: number; unasked: number };
    until: Date;
  },
): Figure[] {
  const count = (kind: string) =>
    findings.filter(({ metadata }) => metadata?.['kind'] === kind).length;
  return [
    { name: 'events of Stripe', value: read.events },
    { name: 'payments at Stripe', value: payments },
    {
      name: 'payments missing on the platform',
      value: allMissing ?? count('missed') + count('behind'),
    },
    { name: 'payments unknown to Stripe', value: count('unknown') },
    { name: 'payments that differ', value: count('differing') },
    { name: 'payments looked up at Stripe', value: unknown.asked },
    { name: 'payments that could not be looked up', value: unknown.unasked },
    {
      name: 'time not compared yet',
      value: (until.getTime() - read.readTo.getTime()) / 1_000,
      unit: 's',
    },
  ];
}
