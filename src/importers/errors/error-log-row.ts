/** What formats of error logs have in common: rows of error_logs, and lines that belong to the row before them. */
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

interface More {
  ip?: string | null;
  stack?: string | null;
  /** Undefined values are left out. */
  [key: string]: unknown;
}

/** `type`: where the line comes from and how bad it is, as `nginx.error`. */
export function errorLogRow(
  type: string,
  message: string,
  created_at: number | null,
  { ip = null, stack = null, ...context }: More = {},
): ParsedRow<ErrorLogRow> {
  const known = JSON.stringify(context);
  return {
    row: {
      error_type: fitting(type, 100),
      error_message: storable(message),
      stack_trace: stack === null || stack === '' ? null : storable(stack),
      context: known === '{}' ? null : known,
      ip_address: ip,
      created_at,
    },
  };
}

/** The most characters of a message with its stack trace that lines are joined to. */
export const longestMessage = 64 * 1024;

const beginsStack =
  /^\s*(?:at |File "|Traceback \(|Stack ?trace|Backtrace|#\d+[ :]|goroutine \d+|\d+: 0x|from .+:\d+:in |\.\.\. \d+ more|Caused by: )/i;

/**
 * Appends a line that has no time of its own: to the stack trace from where one begins, before it to the message. False
 * where the row is as long as it may be.
 */
export function join(row: ErrorLogRow, line: string): boolean {
  if (row.error_message.length + (row.stack_trace?.length ?? 0) + line.length >= longestMessage)
    return false;
  const text = storable(line);
  if (row.stack_trace !== null) row.stack_trace += `\n${text}`;
  else if (beginsStack.test(line)) row.stack_trace = text;
  else row.error_message += `\n${text}`;
  return true;
}

/** Whether a line can only belong to the one before it. */
export const isIndented = (line: string): boolean => /^\s/.test(line) || beginsStack.test(line);

const unmistakable = /(?:Caused by: |Suppressed: |\.\.\. \d+ more$)/y;

/** Whether the text that begins there, behind a time, can only be a line of a stack trace. */
export function isOfStack(line: string, start: number): boolean {
  const first = line.charCodeAt(start);
  if (first === 0x20 || first === 0x09) return beginsStack.test(line.slice(start));
  // Nearly all lines are told by this one character: `C`, `S` or a point.
  if (first !== 0x43 && first !== 0x53 && first !== 0x2e) return false;
  unmistakable.lastIndex = start;
  return unmistakable.test(line);
}
