/** The text of the units of systemd. Plain values only: src/services/install/write-units.ts writes them. */

export interface UnitOptions {
  /** the absolute path of Node 24 */
  node: string;
  /** the absolute path of src/bin/roundsman.js */
  program: string;
  /** the account that the processes run as */
  user: string;
  /** the file with DATABASE_URL and the other settings, which systemd reads as root */
  settingsFile: string;
  /** the absolute path of the project's roundsman.config.ts, whose bots the processes load; null without a project */
  config: string | null;
}

export interface Unit {
  name: string;
  text: string;
}

/** How long systemd waits after SIGTERM: 10 s for running bots, then giving back and closing, and some room. */
const stopWithinSeconds = 30;

const processes = [
  {
    role: 'scheduler',
    name: 'roundsman-scheduler.service',
    what: 'claims due bots and queues their runs',
  },
  { role: 'worker', name: 'roundsman-worker@.service', what: 'executes queued runs (%i)' },
  { role: 'web', name: 'roundsman-web.service', what: 'listens for what other systems send' },
] as const;

/** A word of a command line or an assignment: % and $ have a meaning to systemd, and quotes keep a path with spaces together. */
const quoted = (text: string): string =>
  `"${text.replaceAll(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`;

const word = (text: string): string => quoted(text).replaceAll('$', '$$$$');

/** The processes work elsewhere, and would not find it by themselves. */
const configLine = (config: string | null): string =>
  config === null ? '' : `Environment=${quoted(`ROUNDSMAN_CONFIG=${config}`)}\n`;

/**
 * The units for scheduler, workers (a template: roundsman-worker@1, @2 and so on) and listener. They may write their own directory
 * below /var/lib and below /var/cache alone, see no other home and no device, and have no capability.
 */
export const systemdUnits = (options: UnitOptions): Unit[] =>
  processes.map(({ role, name, what }) => ({ name, text: unitOf(role, what, options) }));

const unitOf = (
  role: string,
  what: string,
  { node, program, user, settingsFile, config }: UnitOptions,
) => `[Unit]
Description=Roundsman ${role}: ${what}
Wants=network-online.target
After=network-online.target postgresql.service redis-server.service

[Service]
Type=exec
ExecStart=${word(node)} ${word(program)} ${role}
User=${user}
Group=${user}
EnvironmentFile=${settingsFile.replaceAll('%', '%%')}
Environment=ROUNDSMAN_HOME=/var/lib/roundsman XDG_CACHE_HOME=/var/cache/roundsman
${configLine(config)}WorkingDirectory=/var/lib/roundsman
StateDirectory=roundsman
StateDirectoryMode=0700
CacheDirectory=roundsman
CacheDirectoryMode=0700
UMask=0077

# A setting that cannot be used (2) stays wrong until a person changes it; everything else is tried again.
Restart=always
RestartSec=5
RestartPreventExitStatus=2
# SIGTERM reaches the process alone, which ends its children when their time is over.
KillMode=mixed
TimeoutStopSec=${stopWithinSeconds}

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=${[node, program, config ?? ''].some((path) => /^\/(home|root|run\/user)\//.test(path)) ? 'read-only' : 'yes'}
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
DevicePolicy=closed
PrivateUsers=yes
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
# Not MemoryDenyWriteExecute: Node compiles JavaScript to machine code while it runs.

[Install]
WantedBy=multi-user.target
`;
