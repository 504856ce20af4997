/** The list of the formats of error logs. A new format is one file and one name in this list, special ones first. */
import type { LogTable } from '../reading/log-format.ts';
import { apache } from './apache.ts';
import { docker } from './docker.ts';
import { join, type ErrorLogRow } from './error-log-row.ts';
import { json } from './json.ts';
import { klog } from './klog.ts';
import { logfmt } from './logfmt.ts';
import { nginx } from './nginx.ts';
import { php } from './php.ts';
import { plain } from './plain.ts';
import { postgresql } from './postgresql.ts';
import { ruby } from './ruby.ts';
import { syslog } from './syslog.ts';

export const errorLogs: LogTable<ErrorLogRow> = {
  table: 'error_logs',
  columns: ['error_type', 'error_message', 'stack_trace', 'context', 'ip_address', 'created_at'],
  formats: [apache, nginx, postgresql, php, ruby, klog, docker, syslog, json, logfmt, plain],
  kind: 'messages',
  command: 'import error-log',
  otherwise: null,
  join,
  hint: '--format names another format, and --time now gives lines without a time the present one',
};
