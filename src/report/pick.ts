import type { Gap, Report, ReportedBot } from './report.ts';
import { isNotable } from './words.ts';

/** All bots if `max` is enough for them; else only those with something to look at, and how many others there are. */
export function pickBots({ bots }: Report, max: number): { shown: ReportedBot[]; others: number } {
  if (bots.length <= max) return { shown: bots, others: 0 };
  const shown = bots.filter(isNotable).slice(0, max);
  return { shown, others: bots.length - shown.length };
}

/** The worst gaps, and how many are left out. */
export const pickGaps = ({ gaps }: Report, max: number): { shown: Gap[]; others: number } => ({
  shown: gaps.slice(0, max),
  others: Math.max(0, gaps.length - max),
});
