/**
 * Joins the two lines that Fastify and pino-http write for a request: one when the request arrives, and one when it is
 * answered.
 */
import { fitting } from '../../ground/text.ts';
import { field, firstField, jsonOf, textOf, type Fields } from '../reading/fields.ts';
import type { LineReader, ParsedLine, Reading } from '../reading/log-format.ts';
import type { ApiLogRow } from './api-log-row.ts';
import { requestRow, type RequestNames } from './request-fields.ts';

/** A request whose answer has not been read yet. */
interface OpenRequest {
  method: string;
  path: string;
  ip: string | undefined;
  /** The row of a line about an error of the request; it is imported if no answer follows. */
  row: ParsedLine<ApiLogRow> | null;
}

const ids = ['reqId', 'req.id', 'requestId', 'request_id'];

/** The most requests that wait for their answers. When there are more, the oldest one counts as never answered. */
const maxOpen = 1_000;

/**
 * Reads JSON lines. A line with a method, a path and an id, and without a status, is a part of a row; the line with the
 * same id and a status completes it. The time is that of the answer. Ids are compared within one process of one host.
 */
export function joinAnswers(names: RequestNames, reading: Reading): LineReader<ApiLogRow> {
  const open = new Map<string, OpenRequest>();

  function close(key: string): ParsedLine<ApiLogRow>[] {
    const request = open.get(key);
    if (request === undefined) return [];
    open.delete(key);
    const { method, path, row } = request;
    const asked = fitting(`${method} ${path}`, 80);
    return [row ?? { why: `for the request before it, ${asked}, the log has no answer` }];
  }

  const read = (line: string): ParsedLine<ApiLogRow> | ParsedLine<ApiLogRow>[] => {
    const fields = jsonOf(line);
    if (fields === null) return { why: 'it is not a JSON object' };
    const key = keyOf(fields);
    if (key === null) return requestRow(fields, names, reading);
    const [method, path, status] = [names.method, names.path, names.status].map((each) =>
      textOf(firstField(fields, each)),
    );
    if (status === undefined) {
      if (method === undefined || path === undefined) return requestRow(fields, names, reading);
      const closed = close(key);
      if (open.size >= maxOpen) closed.push(...close(open.keys().next().value!));
      const ip = textOf(firstField(fields, names.ip));
      open.set(key, { method, path, ip, row: null });
      return closed.length === 0 ? 'part' : [...closed, 'part'];
    }
    const request = open.get(key);
    if (request === undefined) return requestRow(fields, names, reading);
    const row = requestRow(withRequest(fields, request, names), names, reading);
    // A line about an error has the request and a status, but is not the answer, which follows.
    const isAnswer =
      path === undefined || names.duration.some(([name]) => field(fields, name) !== undefined);
    if (!isAnswer) {
      request.row = row;
      return 'part';
    }
    open.delete(key);
    return row;
  };
  return Object.assign(read, { end: () => [...open.keys()].flatMap(close) });
}

/** What identifies the request of a line: its id, process and host; null for a line without an id. */
function keyOf(fields: Fields): string | null {
  const id = textOf(firstField(fields, ids));
  if (id === undefined) return null;
  return JSON.stringify([textOf(fields['hostname']), textOf(fields['pid']), id]);
}

const withRequest = (
  fields: Fields,
  { method, path, ip }: OpenRequest,
  names: RequestNames,
): Fields => ({
  ...fields,
  [names.method[0]!]: method,
  [names.path[0]!]: path,
  ...(ip === undefined ? {} : { [names.ip[0]!]: ip }),
});
