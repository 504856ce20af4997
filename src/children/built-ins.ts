/**
 * The objects that JavaScript and Node provide, and which of them were changed: an object that one check has patched
 * would also serve the next check.
 */
import pg from 'pg';
import { Kysely } from 'kysely';

// Read now, when the module is loaded: a check may change them too.
const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
const { is, keys } = Object;

interface Kept {
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
const counted = new Set<PropertyKey>(['_events', '_eventsCount', 'totalSocketCount']);

/**
 * Only these objects are searched for added properties, because libraries add some here (polyfills, the dispatcher of
 * fetch). To list the properties of every object would take longer than all the other comparisons together.
 */
const isOftenExtended = (name: string): boolean => /^globalThis$|\.prototype$/.test(name);

function keep(name: string, object: object, isOfLanguage = false): Kept {
  const list = isOfLanguage && isOftenExtended(name) ? ownKeys : keys;
  const kept: Kept = {
    name,
    object,
    keys: [],
    values: [],
    accessors: [],
    list,
    listed: list(object),
  };
  for (const key of ownKeys(object)) {
    if (counted.has(key)) continue;
    const property = getOwnPropertyDescriptor(object, key)!;
    if ('value' in property) {
      kept.keys.push(key);
      kept.values.push(property.value);
    } else kept.accessors.push([key, property]);
  }
  return kept;
}

/** Some properties are made when they are first read: then the getter is replaced by the same value. */
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
}: Kept): string | null {
  for (let at = 0; at < known.length; at++)
    if (!is((object as Record<PropertyKey, unknown>)[known[at]!], values[at]))
      return `${name}.${String(known[at])}`;
  for (let at = 0; at < accessors.length; at++)
    if (!isSame(object, accessors[at]![0], accessors[at]![1]))
      return `${name}.${String(accessors[at]![0])}`;
  const now = list(object);
  if (now.length === listed.length) return null;
  return `${name}.${String(now.find((key) => !listed.includes(key)) ?? '?')}`;
}

const modules =
  'async_hooks buffer child_process console crypto diagnostics_channel dns dns/promises events fs fs/promises http https module net os path process stream timers timers/promises tls url util'.split(
    ' ',
  );

type Named = Map<object, string>;

function add(to: Named, name: string, value: unknown): void {
  if (isObject(value) && !to.has(value)) to.set(value, name);
}

/** Adds the class with its prototype, and the prototypes of both. */
function addClass(to: Named, name: string, value: unknown): void {
  add(to, name, value);
  if (typeof value !== 'function' || !isObject(value.prototype)) return;
  add(to, `${name}.prototype`, value.prototype);
  add(to, `the prototype of ${name}`, getPrototypeOf(value));
  add(to, `the prototype of ${name}.prototype`, getPrototypeOf(value.prototype as object));
}

function valuesOf(object: object): [key: string, value: unknown][] {
  const { keys, values } = keep('', object);
  return keys.map((key, at) => [String(key), values[at]]);
}

/** Objects of the language by name, each once. */
function ofLanguage(): Named {
  // This loads the implementation of fetch, which adds its dispatcher to globalThis. A later change of the dispatcher
  // is a task's.
  void globalThis.Headers;
  const found: Named = new Map([[globalThis, 'globalThis']]);
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

/** The types do not declare this property. */
const optionsOf = (agent: object): unknown => (agent as { options?: unknown }).options;

function ofModules(): Named {
  const found: Named = new Map();
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

/** How many changes are named at most. */
const maxNamed = 20;

/**
 * Remembers all of them as they are now. The returned function says which are different, with at most one change for
 * each object. It calls no method of the objects that it looks at, because a method may have been changed.
 */
export function watchBuiltIns(): () => string[] {
  const language = ofLanguage();
  const found = new Map([...ofModules(), ...language]);
  const kept = [...found].map(([object, name]) => keep(name, object, language.has(object)));
  return () => {
    const changed: string[] = [];
    for (let at = 0; at < kept.length && changed.length < maxNamed; at++) {
      const change = changeOf(kept[at]!);
      if (change !== null) changed[changed.length] = change;
    }
    return changed;
  };
}
