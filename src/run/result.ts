import { z, type CheckResult } from '../bot.ts';
import { plain } from '../plain.ts';
import { fitting } from '../text.ts';
import { mostFindings } from './finding.ts';

/** Keys that a check may name one by one; more are said as a count and its exceptions. */
const mostKeys = 100_000;
/** Bytes of one finding's metadata. */
const mostMetadata = 16_384;
// Both are part of a finding's identity: cut, two problems would become one.
const key = z.string().max(1_000);
const keys = z.array(key).max(mostKeys);

const finding = z.object({
  severity: z.enum(['critical', 'high', 'medium', 'low', 'info', 'error', 'warning']),
  category: z.string().min(1),
  title: z.string().min(1),
  description: z.string().optional(),
  component: key.min(1),
  key: key.optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  dependsOn: z.array(key).max(100).optional(),
});

const shape = z.object({
  examined: z.union([keys, z.object({ count: z.number().int().min(0), except: keys })]),
  findings: z.array(finding),
  truncated: z.boolean().optional(),
});

/**
 * What a check returned, if it is what the contract asks for, and no more of it than is kept. Throws an
 * Error that names the field.
 */
export function readResult(returned: unknown): CheckResult {
  const read = shape.safeParse(returned);
  if (read.success) return bounded(read.data as CheckResult);
  const [issue] = read.error.issues;
  throw new Error(
    `its result does not fit the contract: ${issue!.path.join('.')}: ${issue!.message}`,
  );
}

function bounded({ findings, ...result }: CheckResult): CheckResult {
  const kept = findings.slice(0, mostFindings).map(({ metadata, description, ...finding }) => ({
    ...finding,
    title: fitting(finding.title, 200),
    ...(description === undefined ? {} : { description: fitting(description, 10_000) }),
    ...(metadata === undefined ? {} : { metadata: boundedMetadata(metadata) }),
  }));
  return {
    ...result,
    findings: kept,
    ...(kept.length < findings.length ? { truncated: true } : {}),
  };
}

/** Plain JSON of a bounded size; what is larger is named and left out. */
function boundedMetadata(metadata: Record<string, unknown>): Record<string, unknown> {
  const clean = plain(metadata) as Record<string, unknown>;
  const { length } = JSON.stringify(clean);
  return length > mostMetadata ? { cut: `metadata of ${length} bytes was left out` } : clean;
}
