import { explainFault } from '../../database/faults/explain-fault.ts';
import type { Explanation } from '../../ground/errors.ts';

/** What a failure of the database or the connection means for a person; null for a defect. */
export const whyFailed = async (error: unknown): Promise<Explanation | null> => explainFault(error);
