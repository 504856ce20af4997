import { z } from 'zod';
import type { CheckResult } from '../../contract/finding.ts';
import { plain } from '../../ground/plain.ts';
import { fitting } from '../../ground/text.ts';
import { maxFindings } from './finding.ts';

/** How many keys a check may name one by one; for more it returns a count and the exceptions. */
const maxKeys = 100_000;
/** How many characters all these keys may have together: they are sent to the worker and to the database in one piece. */
const maxInKeys = 4_000_000;
/** How many characters all findings may have together, as JSON. */
const maxInFindings = 8_000_000;
/** How many characters one finding's metadata may have, as JSON. */
const maxMetadata = 16_384;
/** How many bytes a check may remember, as JSON. */
const maxRemembered = 16_384;
/** How many figures one result may have. */
const maxFigures = 20;
/** The database counts components in an `integer` (src/run/writer/escalate.ts). */
const maxCounted = 2_147_483_647;
/** On how many components a finding may depend, including those that its bot and the setting `depends_on` add. */
export const maxParents = 300;

// A finding's component and key are part of its identity: if they were cut, two problems could become one.
const key = z.string().max(1_000);
const keys = z.array(key).max(maxKeys);

/** Not z.record: that loses a key `__proto__`. */
const metadata = z.custom<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'Invalid input: expected record',
);

const finding = z.object({
  severity: z.enum(['critical', 'high', 'medium', 'low', 'info', 'error', 'warning']),
  category: z.string().min(1),
  title: z.string().min(1),
  description: z.string().optional(),
  component: key.min(1),
  key: key.optional(),
  metadata: metadata.optional(),
  dependsOn: z.array(key).max(maxParents).optional(),
  certain: z.boolean().optional(),
  times: z.number().int().min(1).max(1_000_000).optional(),
});

const figure = z.object({
  name: z.string().min(1),
  value: z.number(),
  unit: z.string().min(1).max(20).optional(),
});

const resultSchema = z.object({
  examined: z.union([
    keys,
    z.object({ count: z.number().int().min(0).max(maxCounted), except: keys }),
  ]),
  findings: z.array(finding),
  figures: z.array(figure).optional(),
  truncated: z.boolean().optional(),
  unrelated: z.boolean().optional(),
  partial: z.boolean().optional(),
  unreported: z
    .array(
      z.object({
        key,
        why: z
          .string()
          .min(1)
          .transform((text) => fitting(text, 200)),
      }),
    )
    .max(maxFindings)
    .optional(),
  remember: z.unknown().optional(),
  pauseBot: z
    .string()
    .min(1)
    .transform((text) => fitting(text, 500))
    .optional(),
});

/**
 * The result of a check, if it fits the contract, cut to what is stored. Throws an Error that names the field. The
 * returned value itself fits the contract again, so it can be read twice.
 */
export function readResult(returned: unknown): CheckResult {
  const read = resultSchema.safeParse(returned);
  if (!read.success) throw againstContract(read.error);
  const { examined } = read.data;
  const named = Array.isArray(examined) ? examined : examined.except;
  const length = named.reduce((sum, each) => sum + each.length, 0);
  if (length > maxInKeys)
    throw new Error(
      `its result does not fit the contract: examined: its keys have ${length} characters together, and ` +
        `the limit is ${maxInKeys}: return { count, except } or shorter keys`,
    );
  const { remember, ...result } = read.data;
  return {
    ...withinLimits(result as CheckResult),
    ...(remember !== undefined && { remember: boundedMemory(remember) }),
  };
}

/** Names the first field that does not fit; of a union, the first field of the closest variant. */
export function againstContract({ issues: [issue] }: z.core.$ZodError): Error {
  const closest =
    issue!.code === 'invalid_union'
      ? issue!.errors.toSorted(
          (a, b) => (b[0]?.path.length ?? 0) - (a[0]?.path.length ?? 0),
        )[0]?.[0]
      : undefined;
  const path = [...issue!.path, ...(closest?.path ?? [])];
  const { message } = closest?.path.length ? closest : issue!;
  return new Error(`its result does not fit the contract: ${path.join('.')}: ${message}`);
}

/** Findings beyond a limit are left out, and the result is marked as truncated. Figures beyond their limit are left out. */
function withinLimits({ findings, figures, ...result }: CheckResult): CheckResult {
  const kept: CheckResult['findings'] = [];
  let length = 0;
  for (const { metadata, description, ...finding } of findings.slice(0, maxFindings)) {
    const one = {
      ...finding,
      title: fitting(finding.title, 200),
      ...(description === undefined ? {} : { description: fitting(description, 10_000) }),
      ...(metadata === undefined ? {} : { metadata: boundedMetadata(metadata) }),
    };
    length += JSON.stringify(one).length;
    if (length > maxInFindings) break;
    kept.push(one);
  }
  return {
    ...result,
    findings: kept,
    ...(figures && {
      figures: figures
        .slice(0, maxFigures)
        .map(({ name, ...read }) => ({ name: fitting(name, 50), ...read })),
    }),
    ...(kept.length < findings.length ? { truncated: true } : {}),
  };
}

/** A value to remember that is too large is refused: a value that was cut would mean something else. */
function boundedMemory(remember: unknown): unknown {
  const clean = plain(remember);
  const bytes = Buffer.byteLength(JSON.stringify(clean));
  if (bytes > maxRemembered)
    throw new Error(
      `its result does not fit the contract: remember: it has ${bytes} bytes as JSON, and the limit is ${maxRemembered}`,
    );
  return clean;
}

/** Plain JSON of a bounded size; a larger value is left out, and a note says so. */
function boundedMetadata(metadata: Record<string, unknown>): Record<string, unknown> {
  const clean = plain(metadata) as Record<string, unknown>;
  const { length } = JSON.stringify(clean);
  return length > maxMetadata ? { cut: `metadata of ${length} bytes was left out` } : clean;
}
