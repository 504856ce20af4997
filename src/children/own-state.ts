/** Finds what a task has changed in its own process. */
import buffer from 'node:buffer';
import crypto from 'node:crypto';
import channels from 'node:diagnostics_channel';
import dns from 'node:dns';
import events, { type EventEmitter } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import module from 'node:module';
import net from 'node:net';
import { getPriority } from 'node:os';
import stream from 'node:stream';
import tls from 'node:tls';
import v8 from 'node:v8';

/** Node informs the subscribers of these channels about each request and each connection. */
const watchedChannels = [
  'http.client.request.created',
  'http.client.request.start',
  'http.client.request.error',
  'http.client.response.finish',
  'http.server.request.start',
  'net.client.socket',
  'net.server.socket',
  'udp.socket',
  'undici:client:beforeConnect',
  'undici:client:sendHeaders',
  'undici:request:create',
  'undici:request:headers',
  'undici:request:error',
];

/** Settings of the reports that Node writes when it fails. */
const reportSettings = [
  'directory',
  'filename',
  'compact',
  'excludeNetwork',
  'signal',
  'reportOnFatalError',
  'reportOnSignal',
  'reportOnUncaughtException',
];

/** How to read each part of the state that is compared. The key is the name under which a change is reported. */
const watchedState: Record<string, () => unknown> = {
  'the working directory': () => process.cwd(),
  umask: () => process.umask(),
  'process.title': () => process.title,
  'process.exitCode': () => process.exitCode,
  'its user': () =>
    [
      process.getuid?.(),
      process.geteuid?.(),
      process.getgid?.(),
      process.getegid?.(),
      process.getgroups?.(),
    ].join(),
  'its priority': () => getPriority(),
  'process.argv': () => [...process.argv, '', ...process.execArgv].join('\0'),
  'process.report': () => reportSettings.map((name) => Reflect.get(process.report, name)).join(),
  'process.domain': () => (process as { domain?: unknown }).domain,
  'process.setUncaughtExceptionCaptureCallback': () =>
    process.hasUncaughtExceptionCaptureCallback(),
  'source maps': () => JSON.stringify(module.getSourceMapsSupport()),
  'flags of V8': () => v8.cachedDataVersionTag(),
  'buffer.INSPECT_MAX_BYTES': () => buffer.INSPECT_MAX_BYTES,
  'crypto.setFips': () => crypto.getFips(),
  'dns.setDefaultResultOrder': () => dns.getDefaultResultOrder(),
  'dns.setServers': () => dns.getServers().join(),
  'events.defaultMaxListeners': () => events.defaultMaxListeners,
  'events.captureRejections': () => events.captureRejections,
  'http.globalAgent': () => http.globalAgent,
  'https.globalAgent': () => https.globalAgent,
  'net.setDefaultAutoSelectFamily': () => net.getDefaultAutoSelectFamily(),
  'net.setDefaultAutoSelectFamilyAttemptTimeout': () =>
    net.getDefaultAutoSelectFamilyAttemptTimeout(),
  'stream.setDefaultHighWaterMark': () =>
    [false, true].map((isObjects) => stream.getDefaultHighWaterMark(isObjects)).join(),
  // Node returns the same array until other certificates are set.
  'tls.setDefaultCACertificates': () => tls.getCACertificates('default'),
  'subscribers to channels': () =>
    watchedChannels.filter((name) => channels.hasSubscribers(name)).join(),
};

function readState(setting: () => unknown): unknown {
  try {
    return setting();
  } catch (error) {
    // The working directory was removed.
    return String(error);
  }
}

const environment = (): [name: string, value: string | undefined][] => Object.entries(process.env);

/** Names of variables that were set, changed or removed; never their values. */
function changedVariables(before: ReturnType<typeof environment>): string[] {
  const now = new Map(environment());
  const names = new Set([...before.map(([name]) => name), ...now.keys()]);
  const old = new Map(before);
  return [...names]
    .filter((name) => now.get(name) !== old.get(name))
    .map((name) => `process.env.${name}`);
}

/** The emitters whose listeners are compared. `suffix` is the end of the name under which a change is reported. */
const emitters: [suffix: string, emitter: EventEmitter][] = [
  ['', process],
  [' of http.globalAgent', http.globalAgent],
  [' of https.globalAgent', https.globalAgent],
];

const listeners = (): Map<string, unknown[]> =>
  new Map(
    emitters.flatMap(([suffix, emitter]) =>
      emitter.eventNames().map((name) => [`${String(name)}${suffix}`, emitter.rawListeners(name)]),
    ),
  );

function changedListeners(before: Map<string, unknown[]>): string[] {
  const now = listeners();
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((name) => {
      const [old, left] = [before.get(name) ?? [], now.get(name) ?? []];
      return old.length !== left.length || old.some((each, index) => each !== left[index]);
    })
    .map((name) => `listeners to ${name}`);
}

/** Remembers the state of the process. The returned function says what is different. */
export function watchOwnState(): () => string[] {
  const before = Object.entries(watchedState).map(
    ([name, setting]) => [name, setting, readState(setting)] as const,
  );
  const variables = environment();
  const known = listeners();
  return () => [
    ...before
      .filter(([, setting, value]) => !Object.is(readState(setting), value))
      .map(([name]) => name),
    ...changedVariables(variables),
    ...changedListeners(known),
  ];
}
