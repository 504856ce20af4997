/** What tools made for users: a result belongs only to its user, and does not change. */
import type { Selectable } from 'kysely';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { BadInputError, object, text, uuid } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { jsonText } from '../../database/json-input.ts';
import { keyset, type Page, type PageRequest } from '../../database/keyset.ts';
import type { ToolsResults } from '../../database/tables.ts';

export type ToolResult = Selectable<ToolsResults>;
/** A result in a list, without what went in and came out: both may be long, so they are read for one at a time. */
export type ToolResultEntry = Omit<ToolResult, 'input_data' | 'output_data'>;

export interface NewToolResult {
  /** under row level security your own id */
  user_id: string;
  tool_id: string;
  input_data?: Record<string, unknown> | undefined;
  /** this or `output_url` has to be given */
  output_data?: Record<string, unknown> | undefined;
  /** 2,000 characters at most, http or https */
  output_url?: string | undefined;
}

function readLink(value: string | undefined): string | null {
  if (value === undefined) return null;
  const given = text('output_url', value, 2_000);
  if (!/^https?:$/.test(URL.parse(given)?.protocol ?? ''))
    throw new BadInputError('output_url', 'has to be a URL that begins with http:// or https://');
  return given;
}

/**
 * Keeps what a tool made. Throws BadInputError, ConstraintError for a tool or user that does not exist,
 * AccessDeniedError for another user's id under row level security.
 */
export async function keepToolResult(db: Db, given: NewToolResult): Promise<ToolResult> {
  const { input_data, output_data, output_url } = object('given', given);
  if (output_data === undefined && output_url === undefined)
    throw new BadInputError('output_data', 'has to be there, or output_url');
  const row = {
    user_id: uuid('user_id', given.user_id),
    tool_id: uuid('tool_id', given.tool_id),
    input_data: input_data === undefined ? null : jsonText('input_data', input_data),
    output_data: output_data === undefined ? null : jsonText('output_data', output_data),
    output_url: readLink(output_url),
  };
  return explainingAccess('the result was not kept', 'user_id', () =>
    db.insertInto('tools_results').values(row).returningAll().executeTakeFirstOrThrow(),
  );
}

/** The results of a user, or those of one tool, newest first. Throws BadInputError. */
export async function toolResultsOf(
  db: Db,
  of: { user_id: string; tool_id?: string | undefined },
  request: PageRequest = {},
): Promise<Page<ToolResultEntry>> {
  const { user_id, tool_id } = object('of', of);
  const { after, order, at, take, page } = keyset(request, 'tools_results');
  let query = db
    .selectFrom('tools_results')
    .select(['id', 'user_id', 'tool_id', 'output_url', 'created_at', at.as('at')])
    .where('user_id', '=', uuid('user_id', user_id))
    .where(after);
  if (tool_id !== undefined) query = query.where('tool_id', '=', uuid('tool_id', tool_id));
  return page(await query.orderBy(order).limit(take).execute());
}

/** A result with what went in and came out; undefined if it does not exist or you may not see it. Throws BadInputError. */
export const toolResult = async (db: Db, id: string): Promise<ToolResult | undefined> =>
  db.selectFrom('tools_results').selectAll().where('id', '=', uuid('id', id)).executeTakeFirst();
