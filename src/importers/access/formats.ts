/** The list of the formats of access logs. A new format is one file and one name in this list, special ones first. */
import { jsonOf } from '../reading/fields.ts';
import type { LogTable } from '../reading/log-format.ts';
import { alb } from './alb.ts';
import type { ApiLogRow } from './api-log-row.ts';
import { caddy } from './caddy.ts';
import { combined } from './combined.ts';
import { json } from './json.ts';
import { vercel } from './vercel.ts';
import { w3c } from './w3c.ts';

export const accessLogs: LogTable<ApiLogRow> = {
  table: 'api_logs',
  columns: ['endpoint', 'method', 'status_code', 'response_time_ms', 'ip_address', 'created_at'],
  formats: [combined, w3c, alb, caddy, vercel, json],
  kind: 'requests',
  command: 'import access-log',
  otherwise: (sample) => (sample.every((line) => jsonOf(line) !== null) ? json : combined),
  join: () => false,
  hint: '--format names another format, and `npx roundsman import error-log` reads other logs',
};
