/** The templates of errors, as the job loads them. */
import type { Db } from '../../database/connect.ts';
import type { EngineErrorTemplates } from '../../database/tables.ts';

/** As it is stored. */
export interface ErrorTemplate {
  id: string;
  /** the group that it belongs to, its own id if it opened one */
  group_id: string;
  error_type: string;
  kind: EngineErrorTemplates['kind'];
  tokens: readonly string[];
  split_from: string | null;
  merged_into: string | null;
  pinned: boolean;
}

/** Every template, the oldest first: some 60,000 at most, for the assigner opens no more; most have far less. */
export const loadTemplates = async (db: Db): Promise<ErrorTemplate[]> =>
  db
    .selectFrom('engine.error_templates')
    .select([
      'id',
      'group_id',
      'error_type',
      'kind',
      'tokens',
      'split_from',
      'merged_into',
      'pinned',
    ])
    .orderBy('id')
    .execute();
