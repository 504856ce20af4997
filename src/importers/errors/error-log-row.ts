/** Makes rows of error_logs, and joins lines to the row to which they belong, for all formats of error logs. */
import { fitting, storable } from '../../ground/text.ts';
import type { ParsedRow } from '../reading/log-format.ts';

export interface ErrorLogRow {
  error_type: string;
  error_message: string;
  stack_trace: string | null;
  /** a JSON object */
  context: string | null;
  ip_address: string | null;
  /** ms since 1970; null when the line names no time */
  created_at: number | null;
}

interface Details {
  ip?: string | null;
  stack?: string | null;
  /** Undefined values are left out. */
  [key: string]: unknown;
}

/** The row of a message. `type` says which program wrote it and how severe it is, for example `nginx.error`. */
export function errorLogRow(
  type: string,
  message: string,
  created_at: number | null,
  { ip = null, stack = null, ...context }: Details = {},
): ParsedRow<ErrorLogRow> {
  const contextText = JSON.stringify(context);
  return {
    row: {
      error_type: fitting(type, 100),
      error_message: storable(message),
      stack_trace: stack === null || stack === '' ? null : storable(stack),
      context: contextText === '{}' ? null : contextText,
      ip_address: ip,
      created_at,
    },
  };
}

/** The most characters that a message and its stack trace have together after lines were joined to it. */
export const maxMessageLength = 64 * 1024;

const beginsStack =
  /^\s*(?:at |File "|Traceback \(|Stack ?trace|Backtrace|#\d+[ :]|goroutine \d+|\d+: 0x|from .+:\d+:in |\.\.\. \d+ more|Caused by: )/i;

/**
 * Appends a line without a time of its own to the message or, after the beginning of a stack trace, to the stack trace.
 * Returns false when the row has reached its limit, and the line was left out.
 */
export function join(row: ErrorLogRow, line: string): boolean {
  if (row.error_message.length + (row.stack_trace?.length ?? 0) + line.length >= maxMessageLength)
    return false;
  const text = storable(line);
  if (row.stack_trace !== null) row.stack_trace += `\n${text}`;
  else if (beginsStack.test(line)) row.stack_trace = text;
  else row.error_message += `\n${text}`;
  return true;
}

/** Whether a line looks like a continuation of the line before it. */
export const isIndented = (line: string): boolean => /^\s/.test(line) || beginsStack.test(line);

const unmistakable = /(?:Caused by: |Suppressed: |\.\.\. \d+ more$)/y;

/** Whether the text that begins at `start`, after a time, can only be a line of a stack trace. */
export function isOfStack(line: string, start: number): boolean {
  const first = line.charCodeAt(start);
  if (first === 0x20 || first === 0x09) return beginsStack.test(line.slice(start));
  // The first character decides for nearly all lines: only `C`, `S` and a point go on.
  if (first !== 0x43 && first !== 0x53 && first !== 0x2e) return false;
  unmistakable.lastIndex = start;
  return unmistakable.test(line);
}
