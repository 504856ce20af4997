/** What a test expects of the findings of a check. */
import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import type { ReportedFinding } from '../contract/finding.ts';
import type { Answer } from './ask.ts';

/** The fields that a finding has to have; those that are not named may be anything. Texts may be described by a pattern. */
export type ExpectedFinding = {
  readonly [Field in keyof ReportedFinding]?: NonNullable<ReportedFinding[Field]> extends string
    ? ReportedFinding[Field] | RegExp
    : ReportedFinding[Field];
};

/** Whether the finding has all fields that are expected. */
export const fits = (finding: ReportedFinding, expected: ExpectedFinding): boolean =>
  Object.entries(expected).every(([field, value]) => {
    const given: unknown = finding[field as keyof ReportedFinding];
    return value instanceof RegExp
      ? typeof given === 'string' && new RegExp(value).test(given)
      : isDeepStrictEqual(given, value);
  });

/** One line for each finding. */
export const inWords = (findings: readonly ReportedFinding[]): string =>
  findings.length === 0
    ? 'none'
    : findings
        .map(({ severity, component, title }) => `${severity} ${component}: ${title}`)
        .join('; ');

/**
 * Asserts that a check answered with exactly these findings, in any order; with an empty list that it passed. Throws an
 * `AssertionError` of node:assert, which every test runner shows; it says what is missing, what is too much, and why a check
 * errored or was skipped.
 */
export function assertFindings(answer: Answer, expected: readonly ExpectedFinding[]): void {
  const { status, reason, findings } = answer;
  if (reason !== null)
    throw new AssertionError({
      message: `the check was ${status}: ${reason}`,
      actual: status,
      expected: expected.length > 0 ? 'failed' : 'passed',
      operator: 'assertFindings',
    });
  const left = [...findings];
  const missing = expected.filter((each) => {
    const at = left.findIndex((finding) => fits(finding, each));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  if (missing.length + left.length === 0) return;
  const said = [
    ...missing.map((each) => `the check reported no finding with ${asText(each)}`),
    ...(left.length > 0 ? [`it also reported ${inWords(left)}`] : []),
  ];
  throw new AssertionError({
    message: said.join('\n'),
    actual: findings,
    expected,
    operator: 'assertFindings',
  });
}

const asText = (expected: ExpectedFinding): string =>
  JSON.stringify(expected, (_, value: unknown) =>
    value instanceof RegExp ? String(value) : value,
  );
