import { jsonOf } from '../reading/fields.ts';
import type { LogFormat } from '../reading/log-format.ts';
import type { ApiLogRow } from './api-log-row.ts';
import { requestRow, type RequestNames } from './request-fields.ts';

const names: RequestNames = {
  time: ['proxy.timestamp', 'timestampInMs', 'timestamp', 'TimeUTC'],
  method: ['proxy.method', 'requestMethod', 'method'],
  path: ['proxy.path', 'requestPath', 'path'],
  status: ['proxy.statusCode', 'responseStatusCode', 'statusCode', 'status'],
  ip: ['proxy.clientIp', 'clientIp', 'requestIp'],
  duration: [
    ['proxy.durationMs', 1],
    ['durationMs', 1],
  ],
};

/** Vercel's log drains and exports: one JSON object a line. */
export const vercel: LogFormat<ApiLogRow> = {
  name: 'vercel',
  writtenBy: 'Vercel (log drains, `vercel logs --json`)',
  example: [
    '{"TimeUTC":"2026-03-10 12:00:00","timestampInMs":"1773144000123","requestPath":"example.com/a","requestMethod":"GET","responseStatusCode":200,"deploymentId":"dpl_1"}',
    '{"id":"1","deploymentId":"dpl_1","source":"lambda","timestamp":1773144000123,"proxy":{"timestamp":1773144000123,"method":"GET","host":"example.com","path":"/a?b=c","statusCode":200,"clientIp":"192.0.2.1","userAgent":["An agent/1.0"]}}',
  ],
  zone: 'named',
  reader: (reading) => (line) => {
    const fields = jsonOf(line);
    if (fields === null) return { why: 'it is not a JSON object' };
    // Lines about builds, and the output of functions, are not requests.
    if (!('deploymentId' in fields) && !('proxy' in fields) && !('requestPath' in fields))
      return { why: 'it names no deployment and no request' };
    return requestRow(fields, names, reading);
  },
};
