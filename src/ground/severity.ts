/** How bad a problem is: the words of `bot_findings.severity` and their order. */
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** All severities, the worst first. Code compares severities by their rank in this list, never by text. */
export const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

/** Words that a check may report, too, and what they count as. */
export const otherSeverities: ReadonlyMap<string, Severity> = new Map([
  ['error', 'high'],
  ['warning', 'medium'],
]);

/** The rank; 0 is the worst. */
export const severityRank = (severity: Severity): number => severities.indexOf(severity);
