/**
 * Finds out which of the objects that JavaScript and Node provide were changed: an object that one check has patched
 * would also serve the next check.
 */
import pg from 'pg';
import { Kysely } from 'kysely';

// Read when this module is loaded, because a check may change these functions, too.
const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { is, keys } = Object;

interface Snapshot {
  name: string;
  object: object;
  keys: PropertyKey[];
  values: unknown[];
  /** properties with a getter, which is not called; they are not among the keys */
  accessors: [key: PropertyKey, accessor: PropertyDescriptor][];
  /** the function that lists its properties, and what it listed */
  list: (object: object) => PropertyKey[];
  listed: readonly PropertyKey[];
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/**
 * Emitters count their listeners in these properties (own-state.ts looks at listeners), and agents count their sockets.
 */
const countingKeys = new Set<PropertyKey>(['_events', '_eventsCount', 'totalSocketCount']);

/**
 * Only these objects are searched for added properties, because libraries add some here (polyfills, the dispatcher of
 * fetch). To list the properties of every object would take longer than all the other comparisons together.
 */
const isOftenExtended = (name: string): boolean => /^globalThis$|\.prototype$/.test(name);

function snapshotOf(name: string, object: object, isOfLanguage = false): Snapshot {
  const list = isOfLanguage && isOftenExtended(name) ? ownKeys : keys;
  const snapshot: Snapshot = {
    name,
    object,
    keys: [],
    values: [],
    accessors: [],
    list,
    listed: list(object),
  };
  for (const key of ownKeys(object)) {
    if (countingKeys.has(key)) continue;
    const property = getOwnPropertyDescriptor(object, key)!;
    if ('value' in property) {
      snapshot.keys.push(key);
      snapshot.values.push(property.value);
    } else snapshot.accessors.push([key, property]);
  }
  return snapshot;
}

/**
 * Whether a property with this getter and setter is unchanged. Some properties replace their getter by its value when
 * they are first read: that is no change.
 */
function isSame(object: object, key: PropertyKey, { get, set }: PropertyDescriptor): boolean {
  const property = getOwnPropertyDescriptor(object, key);
  if (!property) return false;
  if (!('value' in property)) return property.get === get && property.set === set;
  const { value } = property;
  return get !== undefined && is(get.call(object), value);
}

/** The first property that was added, removed or replaced; null when there is none. */
function changeOf({
  name,
  object,
  keys: known,
  values,
  accessors,
  list,
  listed,
}: Snapshot): string | null {
  for (let index = 0; index < known.length; index++)
    if (!is((object as Record<PropertyKey, unknown>)[known[index]!], values[index]))
      return `${name}.${String(known[index])}`;
  for (let index = 0; index < accessors.length; index++)
    if (!isSame(object, accessors[index]![0], accessors[index]![1]))
      return `${name}.${String(accessors[index]![0])}`;
  const listedNow = list(object);
  if (listedNow.length === listed.length) return null;
  return `${name}.${String(listedNow.find((key) => !listed.includes(key)) ?? '?')}`;
}

const modules =
  'async_hooks buffer child_process console crypto diagnostics_channel dns dns/promises events fs fs/promises http https module net os path process stream timers timers/promises tls url util'.split(
    ' ',
  );

type NamesByObject = Map<object, string>;

function add(to: NamesByObject, name: string, value: unknown): void {
  if (isObject(value) && !to.has(value)) to.set(value, name);
}

/** Adds a class, its `prototype`, and the objects from which these two inherit. */
function addClass(to: NamesByObject, name: string, value: unknown): void {
  add(to, name, value);
  if (typeof value !== 'function' || !isObject(value.prototype)) return;
  add(to, `${name}.prototype`, value.prototype);
  add(to, `the prototype of ${name}`, getPrototypeOf(value));
  add(to, `the prototype of ${name}.prototype`, getPrototypeOf(value.prototype as object));
}

function valuesOf(object: object): [key: string, value: unknown][] {
  const { keys, values } = snapshotOf('', object);
  return keys.map((key, index) => [String(key), values[index]]);
}

/** The objects of the language, each with its name. */
function languageObjects(): NamesByObject {
  // This loads the implementation of fetch, which adds its dispatcher to `globalThis`. A later change of the dispatcher
  // is a task's.
  void globalThis.Headers;
  const found: NamesByObject = new Map([[globalThis, 'globalThis']]);
  for (const [key, value] of valuesOf(globalThis)) addClass(found, key, value);
  const generated = (async function* () {})();
  add(found, 'the prototype of iterators', getPrototypeOf([][Symbol.iterator]()));
  add(
    found,
    'the prototype of async functions',
    getPrototypeOf(async () => {}),
  );
  add(found, 'the prototype of async generators', getPrototypeOf(getPrototypeOf(generated)!));
  return found;
}

/** The options of an agent of http or https; the types do not declare this property. */
const optionsOf = (agent: object): unknown => (agent as { options?: unknown }).options;

function moduleObjects(): NamesByObject {
  const found: NamesByObject = new Map();
  for (const name of modules) {
    const module = process.getBuiltinModule(name) as Record<string, unknown>;
    add(found, name, module);
    for (const [key, value] of valuesOf(module))
      if (/^[A-Z][a-z]/.test(key)) addClass(found, `${name}.${key}`, value);
  }
  for (const name of ['http', 'https'] as const) {
    const agent = process.getBuiltinModule(name).globalAgent;
    add(found, `${name}.globalAgent`, agent);
    add(found, `${name}.globalAgent.options`, optionsOf(agent));
  }
  add(found, 'util.inspect', process.getBuiltinModule('util').inspect.defaultOptions);
  add(found, 'pg', pg);
  for (const [key, value] of valuesOf(pg)) addClass(found, `pg.${key}`, value);
  addClass(found, 'Kysely', Kysely);
  return found;
}

/** The most changes that are named. */
const maxNamed = 20;

/**
 * Remembers all these objects as they are now. The returned function names the properties that are different, at most
 * one for each object. It calls no method of the objects that it compares, because a method may have been changed.
 */
export function watchBuiltIns(): () => string[] {
  const language = languageObjects();
  const found = new Map([...moduleObjects(), ...language]);
  const snapshots = [...found].map(([object, name]) =>
    snapshotOf(name, object, language.has(object)),
  );
  return () => {
    const changed: string[] = [];
    for (let index = 0; index < snapshots.length && changed.length < maxNamed; index++) {
      const change = changeOf(snapshots[index]!);
      if (change !== null) changed[changed.length] = change;
    }
    return changed;
  };
}
