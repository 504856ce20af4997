/** What a task may change in its own process, and what of it is different afterwards. */
import { getPriority } from 'node:os';

/** By the name under which a change is told. */
const settings: Record<string, () => unknown> = {
  'the working directory': () => process.cwd(),
  umask: () => process.umask(),
  'process.title': () => process.title,
  'process.exitCode': () => process.exitCode,
  'its user': () => [process.geteuid?.(), process.getegid?.()].join(),
  'its priority': () => getPriority(),
};

function read(setting: () => unknown): unknown {
  try {
    return setting();
  } catch (error) {
    // A working directory that was removed.
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

const listeners = (): Map<string, unknown[]> =>
  new Map(process.eventNames().map((name) => [String(name), process.rawListeners(name as never)]));

function changedListeners(before: Map<string, unknown[]>): string[] {
  const now = listeners();
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((name) => {
      const [old, left] = [before.get(name) ?? [], now.get(name) ?? []];
      return old.length !== left.length || old.some((each, at) => each !== left[at]);
    })
    .map((name) => `listeners to ${name}`);
}

/** Remembers how the process is; afterwards it says what is different. */
export function watchOwnState(): () => string[] {
  const before = Object.entries(settings).map(
    ([name, setting]) => [name, setting, read(setting)] as const,
  );
  const variables = environment();
  const known = listeners();
  return () => [
    ...before.filter(([, setting, value]) => read(setting) !== value).map(([name]) => name),
    ...changedVariables(variables),
    ...changedListeners(known),
  ];
}
