import { createHash } from 'node:crypto';
import type { CheckResult, ReportedFinding, ReportedSeverity } from '../../contract/finding.ts';
import type { TallyBefore } from '../../heal/finding/verdict.ts';
import { otherSeverities, type Severity } from '../../ground/severity.ts';
import { fitting, storable } from '../../ground/text.ts';

/** A reported finding as the columns of `bot_findings` take it. */
export interface Finding {
  fingerprint: string;
  check_name: string;
  severity: Severity;
  category: string;
  title: string;
  description: string | null;
  affected_component: string;
  component_key: string;
  metadata: Record<string, unknown> | null;
  /** components on which it depends: it is not healed while one of them has an open finding; no column */
  depends_on: string[];
  /** it opens at its first report, whatever the bot's `confirm` is; no column */
  certain: boolean;
  /** how many occurrences this report stands for; no column */
  times: number;
  /** only of an event check: what it counted for the key, stored in the finding's memory; no column */
  tally?: TallyBefore;
  /** only of an event check: the time from which on it counted events; no column */
  counted_from?: Date;
  /** only of an event check whose key has a cure in its hold window, when the report is not a relapse; no column */
  verdict?: 'clean' | 'unclear';
}

/** The most findings of one run that are recorded: a broken check must not fill the database. */
export const maxFindings = 1_000;

/** A reported severity as it is stored. */
export const severityOf = (reported: ReportedSeverity): Severity =>
  otherSeverities.get(reported) ?? (reported as Severity);

/**
 * What makes a problem the same problem in every run: bot, check, category, component and the check's own key. Title
 * and severity may change without making it another problem.
 */
export const fingerprintOf = (
  botId: string,
  check: string,
  { category, component, key = component }: Pick<ReportedFinding, 'category' | 'component' | 'key'>,
): string =>
  createHash('sha256')
    .update(JSON.stringify([botId, check, category, component, key]))
    .digest('hex')
    .slice(0, 32);

/** For a finding of a result that `readResult` has already cut to its limits. */
export function toFinding(botId: string, check: string, reported: ReportedFinding): Finding {
  const { component, key = component } = reported;
  return {
    fingerprint: fingerprintOf(botId, check, reported),
    check_name: check,
    severity: severityOf(reported.severity),
    category: fitting(reported.category, 50),
    title: reported.title,
    description: reported.description ?? null,
    affected_component: fitting(component, 100),
    component_key: storable(key),
    metadata: reported.metadata ?? null,
    depends_on: reported.dependsOn?.map((parent) => fitting(parent, 100)) ?? [],
    certain: reported.certain ?? false,
    times: reported.times ?? 1,
  };
}

/** The columns that say which keys a check looked at, without the `unclear` ones. */
export const examinedColumns = ({ examined }: CheckResult, unclear: string[] = []) =>
  Array.isArray(examined)
    ? { every: false, keys: examined.map(storable).filter((key) => !unclear.includes(key)) }
    : { every: true, keys: [...examined.except.map(storable), ...unclear] };
