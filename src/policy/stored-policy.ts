/** Reads a policy from the database. It stands apart from read.ts, so that commands which only show need not load the YAML reader. */
import { policySchema, type Policy } from './schema.ts';

/** The policy in a document of the database; null if it is not a valid policy, as after an edit by hand. */
export function storedPolicy(document: unknown): Policy | null {
  const parsed = policySchema.safeParse(document);
  return parsed.success ? parsed.data : null;
}
