import { pino, type Logger } from 'pino';
import type { Config } from './config.ts';

export type Log = Logger;

/** The passwords in the configuration. They are scrubbed by value: redaction by path misses messages, stacks and URLs. */
function secretsOf({ databaseUrl, redisUrl }: Config): string[] {
  return [databaseUrl, redisUrl].flatMap((url) => {
    if (!url) return [];
    const { password } = new URL(url);
    return password ? [password, decodeURIComponent(password)] : [];
  });
}

/** JSON lines to standard output, or appended to `file`. No line holds a configured password. */
export function openLog(config: Config, file?: string): Log {
  const secrets = secretsOf(config);
  const destination = pino.destination({ dest: file ?? 1, sync: true, mkdir: true });
  const scrubbed = {
    write(line: string) {
      destination.write(
        secrets.reduce((text, secret) => text.replaceAll(secret, '[scrubbed]'), line),
      );
    },
  };
  return pino({ level: config.logLevel, base: { pid: process.pid } }, scrubbed);
}
