import { jsonOf } from '../reading/fields.ts';
import type { LogFormat } from '../reading/log-format.ts';
import type { ErrorLogRow } from './error-log-row.ts';
import { fieldsRow } from './fields-row.ts';

/** One JSON object per line. */
export const json: LogFormat<ErrorLogRow> = {
  name: 'json',
  writtenBy:
    'pino, winston, bunyan, zap, slog, logrus, zerolog, structlog, Serilog, Log4j, Monolog, `journalctl -o json`',
  example: [
    '{"level":"error","message":"cannot connect","timestamp":"2026-03-10T12:00:00.123Z","stack":"Error: cannot connect\\n    at main.js:3:9"}',
    '{"level":"error","ts":1773144000.123,"caller":"app/main.go:9","msg":"cannot connect"}',
    '{"__REALTIME_TIMESTAMP":"1773144000123456","PRIORITY":"3","_HOSTNAME":"db1","SYSLOG_IDENTIFIER":"sshd","_PID":"77","MESSAGE":"cannot connect"}',
    '{"level":50,"time":1773144000123,"pid":77,"hostname":"web1","msg":"cannot connect","err":{"stack":"Error: cannot connect\\n    at main.js:3:9"}}',
  ],
  zone: 'sometimes named',
  reader: (reading) => (line) => {
    const fields = jsonOf(line);
    return fields === null ? 'more' : fieldsRow('json', fields, line, reading);
  },
};
