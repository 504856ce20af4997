import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What a person has to type after the units are written, as root, in this order. Nothing of it is done here. */
export function stepsAfterUnits({
  user,
  settingsFile,
}: {
  user: string;
  settingsFile: string;
}): string[] {
  return [
    ...(hasAccount(user)
      ? []
      : [
          `useradd --system --user-group --home-dir /var/lib/roundsman --shell /usr/sbin/nologin ${user}`,
        ]),
    ...(existsSync(settingsFile)
      ? []
      : [
          `install -d -m 0755 ${shellWord(dirname(settingsFile))}`,
          `install -m 0600 /dev/null ${shellWord(settingsFile)}`,
          `\${EDITOR:-vi} ${shellWord(settingsFile)}   # DATABASE_URL=..., REDIS_URL=..., ROUNDSMAN_KEYS=..., a line each`,
        ]),
    'systemctl daemon-reload',
    'systemctl enable --now roundsman-scheduler roundsman-worker@1 roundsman-web',
    "systemctl status 'roundsman-*'",
  ];
}

function hasAccount(user: string): boolean {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .some((line) => line.startsWith(`${user}:`));
  } catch {
    return false;
  }
}

const shellWord = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
