/** Reads a policy from the database. Not in read.ts, so that commands that only read need not load the reader of YAML. */
import { policySchema, type Policy } from './schema.ts';

/** The policy in a document of the database; null if it is not a valid policy, as after an edit by hand. */
export function storedPolicy(document: unknown): Policy | null {
  const parsed = policySchema.safeParse(document);
  return parsed.success ? parsed.data : null;
}
