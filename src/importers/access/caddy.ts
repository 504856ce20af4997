import { jsonOf } from '../reading/fields.ts';
import type { LogFormat } from '../reading/log-format.ts';
import type { ApiLogRow } from './api-log-row.ts';
import { requestRow, type RequestNames } from './request-fields.ts';

const names: RequestNames = {
  time: ['ts', 'time', 'timestamp'],
  method: ['request.method'],
  path: ['request.uri'],
  status: ['status'],
  ip: ['request.client_ip', 'request.remote_ip', 'request.remote_addr'],
  duration: [['duration', 1000]],
};

/** The access log of Caddy 2. */
export const caddy: LogFormat<ApiLogRow> = {
  name: 'caddy',
  writtenBy: 'Caddy 2',
  example: [
    '{"level":"info","ts":1773144000.123,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"192.0.2.1","method":"GET","host":"example.com","uri":"/a"},"duration":0.012,"size":512,"status":200}',
  ],
  zone: 'sometimes named',
  reader: (reading) => (line) => {
    const fields = jsonOf(line);
    if (fields === null) return { why: 'it is not a JSON object' };
    const { request } = fields;
    if (typeof request !== 'object' || request === null || !('uri' in request))
      return { why: 'it has no request with a uri' };
    return requestRow(fields, names, reading);
  },
};
