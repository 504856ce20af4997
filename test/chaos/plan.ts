/** Which fault comes when: a pure function of the seed, so that a run can be had again. */
import { readFileSync } from 'node:fs';

export type Backend = 'redis' | 'postgres';

/** How often a kind is drawn, beside the once that every kind gets. */
const weights = {
  'kill worker': 5,
  'kill scheduler': 3,
  'stop worker': 5,
  'stop scheduler': 2,
  'kill child': 8,
  'restart worker': 3,
  'restart scheduler': 2,
  'worker-killing bot': 1,
  'clock an hour off': 1,
  'end connections': 5,
  'freeze Postgres': 4,
  'restart Postgres': 1,
  'set slots back': 6,
  'freeze Redis': 4,
  'restart Redis': 2,
  flush: 5,
};

export type Kind = keyof typeof weights;

const redisOnly = new Set<Kind>(['freeze Redis', 'restart Redis', 'flush']);

export const kindsOf = (backend: Backend): Kind[] =>
  (Object.keys(weights) as Kind[]).filter((kind) => backend === 'redis' || !redisOnly.has(kind));

export interface Planned {
  /** since the first fault could come */
  atMs: number;
  kind: Kind;
  /** which one of those that can be hit, from 0 up to 1 */
  pick: number;
  /** of a fault that lasts */
  lastsMs: number;
  /** in a plan that is had again: the post that was hit then, null for everybody; it is hit again where it is up */
  target?: string | null;
}

/** What a plan follows from, beside the code: the first line of a fault log. */
export interface Origin {
  seed: number;
  minutes: number;
  backend: Backend;
}

/**
 * One fault in so many milliseconds: more than the 30 a minute that are asked for, because some find
 * nobody whom they may hit.
 */
const everyMs = 1_250;
/** Most last longer than a lease: then others have taken over what comes back. */
const lastsMs = (lot: number) => Math.round(1_000 + Math.sqrt(lot) * 11_000);

/** mulberry32: 32 bits of state, good enough to draw lots. */
export function lots(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Every kind once within the first 45 s, then by weight. */
export function planOf(seed: number, minutes: number, backend: Backend): Planned[] {
  const lot = lots(seed);
  const kinds = kindsOf(backend);
  const once = kinds
    .map((kind) => ({ kind, at: lot() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ kind }) => kind);
  const urn = kinds.flatMap((kind) => Array<Kind>(weights[kind]).fill(kind));
  const count = Math.floor((minutes * 60_000) / everyMs);
  return Array.from({ length: count }, (_, index) => ({
    atMs: Math.round((index + lot()) * everyMs),
    kind: (index % 2 === 0 && once[index / 2]) || urn[Math.floor(lot() * urn.length)]!,
    pick: lot(),
    lastsMs: lastsMs(lot()),
  }));
}

const linesOf = (file: string): object[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as object);

export function originIn(file: string): Origin {
  const origin = linesOf(file).find((line) => 'seed' in line);
  if (!origin) throw new Error(`${file} is no fault log: it does not begin with its seed`);
  return origin as Origin;
}

/** The plan that a fault log was written by, with whom each fault hit. */
export const planIn = (file: string): Planned[] =>
  linesOf(file)
    .filter((line): line is Planned => 'atMs' in line)
    .map(({ atMs, kind, pick, lastsMs, target }) => ({
      atMs,
      kind,
      pick,
      lastsMs,
      target: target ?? null,
    }))
    .toSorted((a, b) => a.atMs - b.atMs);
