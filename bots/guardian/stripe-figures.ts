import type { Figure, ReportedFinding } from '../../src/bot.ts';
import type { Read } from './stripe-read.ts';

/** `owed`: how many payments there are, if the platform has none of them. */
export function figuresOf(
  read: Read,
  {
    payments,
    owed,
    findings,
    unknown,
    until,
  }: {
    payments: number;
    owed: number | null;
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
      value: owed ?? count('missed') + count('behind'),
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
