/** Programs that write one line when a request arrives and another one when it is answered: Fastify, pino-http. */
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
  /** What a line of its error says; it counts where no answer follows. */
  row: ParsedLine<ApiLogRow> | null;
}

const ids = ['reqId', 'req.id', 'requestId', 'request_id'];

/** So many requests may wait for their answers; the oldest one of more is taken for one that got none. */
const maxOpen = 1_000;

/**
 * Reads JSON lines. A line with a method, a path and an id, and without a status, is a part of the row that the line
 * with the same id and a status completes; the time is that of the answer. Ids count within one process.
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
    if (fields === null) return { why: 'it is no JSON object' };
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
    // An error is written with its request and a status, and the answer follows.
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

/** Null for a line without an id. */
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
