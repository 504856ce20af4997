/**
 * Finds what a task has left active and does not keep the process alive (`unref()`, `persistent: false`): intervals,
 * timers that set the next timer, servers, watched files. Node itself lists only what keeps the process alive.
 */
import { createHook, type HookCallbacks } from 'node:async_hooks';
import { isLeftBehind, isOfTask } from './current-task.ts';

/** A handle of Node, a Timeout or an Immediate. */
interface Resource {
  hasRef(): boolean;
  ref(): unknown;
  unref(): unknown;
  /** of timers: whether the timer is over, and the pause before it repeats */
  _destroyed?: boolean;
  _repeat?: number | null;
}

/**
 * The kinds of handles that are remembered, by Node's names. Sockets of clients are not among them: a pool, such as that
 * of fetch, keeps them for the next request and closes them itself.
 */
const handles: Record<string, string> = {
  TCPSERVERWRAP: 'server',
  PIPESERVERWRAP: 'server',
  UDPWRAP: 'UDP socket',
  FSEVENTWRAP: 'watched file',
  STATWATCHER: 'watched file',
};

const timerFrame =
  /[( ]node:(?:internal\/async_hooks|internal\/timers|timers|timers\/promises):|\(<anonymous>\)$/;

/** Whether Node itself creates this timer: timers of Node's servers and sockets end together with these. */
function isNodesOwn(): boolean {
  const frames = new Error().stack?.split('\n') ?? [];
  // The first frames are this function, its caller and the hook.
  const caller = frames.slice(4).find((frame) => !timerFrame.test(frame));
  return caller !== undefined && /[( ]node:/.test(caller);
}

/** The name of a resource that is remembered; null for one that ends by itself, as a single timer does. */
function nameOf(type: string, { _repeat: repeat }: Resource): string | null {
  if (type !== 'Timeout' && type !== 'Immediate')
    return isOfTask() ? (handles[type] ?? null) : null;
  if (repeat) return isOfTask() && !isNodesOwn() ? 'interval' : null;
  return isLeftBehind() && !isNodesOwn() ? 'timer that another one has set' : null;
}

function isActive(resource: Resource): boolean {
  if (resource._destroyed !== undefined) return !resource._destroyed;
  if (resource.hasRef()) return true;
  // A handle that was closed can no longer be referenced.
  resource.ref();
  const isOpen = resource.hasRef();
  resource.unref();
  return isOpen;
}

/** When this many resources are remembered, those that have ended are forgotten. */
const forgetAfter = 256;

/**
 * Remembers what tasks start from now on. The returned function names what is still active and unreferenced. A hook
 * that tracks no promises costs nothing measurable; one that does makes each `await` twice as slow.
 */
export function watchUnreferenced(): () => string[] {
  const started = new Map<Resource, string>();
  let next = forgetAfter;

  function forget(): void {
    for (const resource of started.keys()) if (!isActive(resource)) started.delete(resource);
    next = started.size + forgetAfter;
  }

  const hook: HookCallbacks & { trackPromises: boolean } = {
    trackPromises: false,
    init(_id, type, _trigger, resource) {
      if (type !== 'Timeout' && type !== 'Immediate' && !(type in handles)) return;
      const name = nameOf(type, resource as Resource);
      if (name === null) return;
      if (started.size >= next) forget();
      started.set(resource as Resource, name);
    },
  };
  createHook(hook).enable();

  return () => {
    if (started.size === 0) return [];
    forget();
    const left = [...started].filter(([resource]) => !resource.hasRef());
    return [...new Set(left.map(([, name]) => `an unreferenced ${name}`))];
  };
}
