/** The formats of access logs: another one is one file and one line here. Special ones stand before general ones. */
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
  otherwise: combined,
  join: () => false,
  hint: 'a line looks like `192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 512`; --format names another format, and `npx roundsman import error-log` reads other logs',
};
