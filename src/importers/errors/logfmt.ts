import { logfmtOf } from '../reading/fields.ts';
import type { LogFormat } from '../reading/log-format.ts';
import type { ErrorLogRow } from './error-log-row.ts';
import { fieldsRow } from './fields-row.ts';

/** `key=value` pairs. */
export const logfmt: LogFormat<ErrorLogRow> = {
  name: 'logfmt',
  writtenBy: 'logrus, slog, Grafana, Loki, Prometheus, Traefik and other programs with key=value',
  example: [
    'ts=2026-03-10T12:00:00.123Z caller=main.go:9 level=error component=web err="cannot connect"',
    'time="2026-03-10T12:00:00Z" level=error msg="cannot \\"connect\\"" pid=77',
  ],
  zone: 'sometimes named',
  reader: (reading) => (line) => {
    const fields = logfmtOf(line);
    if (fields === null) return 'more';
    const parsed = fieldsRow('logfmt', fields, line, reading);
    // A line of another text may begin with `x=`, so only a line with a time counts as logfmt.
    return typeof parsed === 'object' && 'row' in parsed && parsed.row.created_at === null
      ? 'more'
      : parsed;
  },
};
