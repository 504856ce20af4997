import { z, type CheckResult } from '../bot.ts';

const finding = z.object({
  severity: z.enum(['critical', 'high', 'medium', 'low', 'info', 'error', 'warning']),
  category: z.string().min(1),
  title: z.string().min(1),
  description: z.string().optional(),
  component: z.string().min(1),
  key: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

const shape = z.object({
  examined: z.union([
    z.array(z.string()),
    z.object({ count: z.number().int().min(0), except: z.array(z.string()) }),
  ]),
  findings: z.array(finding),
  truncated: z.boolean().optional(),
});

/** What a check returned, if it is what the contract asks for. Throws an Error that names the field. */
export function readResult(returned: unknown): CheckResult {
  const read = shape.safeParse(returned);
  if (read.success) return read.data as CheckResult;
  const [issue] = read.error.issues;
  throw new Error(
    `its result does not fit the contract: ${issue!.path.join('.')}: ${issue!.message}`,
  );
}
