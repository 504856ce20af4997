/** How bad a problem is: the words of `bot_findings.severity` and their order. */
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

/** Worst first. Code compares severities by this rank, never by text. */
export const severities: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

/** The rank; 0 is the worst. */
export const severityRank = (severity: Severity): number => severities.indexOf(severity);
