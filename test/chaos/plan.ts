/** Plans which fault comes when. The plan depends only on the seed, so that the same faults can be made again. */
import { readFileSync } from 'node:fs';

export type Backend = 'redis' | 'postgres';

/** How likely each kind is drawn; besides, every kind comes once at the beginning. */
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
  /** the time from the beginning of the plan */
  atMs: number;
  kind: Kind;
  /** a number from 0 to 1, without 1, that selects one of the posts that can be hit */
  pick: number;
  /** how long the fault lasts, for kinds that last */
  lastsMs: number;
  /** only in a replayed plan: the post that was hit (null: all of them); it is hit again if it is up */
  target?: string | null;
}

/** What determines a plan, apart from the code. It is the first line of a fault log. */
export interface Origin {
  seed: number;
  minutes: number;
  backend: Backend;
}

/**
 * The time from one fault to the next. It makes more than the 30 faults per minute that are required, because some faults
 * find no post that they may hit.
 */
const everyMs = 1_250;
/** How long a fault lasts. Most last longer than a lease, so that others have taken over the runs when it ends. */
const lastsMs = (share: number) => Math.round(1_000 + Math.sqrt(share) * 11_000);

/** Random numbers from 0 to 1 (without 1), the same for the same seed: mulberry32, with 32 bits of state. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The plan for a seed: every kind once within the first 45 s; all other faults by weight. */
export function planOf(seed: number, minutes: number, backend: Backend): Planned[] {
  const random = randomNumbers(seed);
  const kinds = kindsOf(backend);
  const once = kinds
    .map((kind) => ({ kind, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ kind }) => kind);
  const weighted = kinds.flatMap((kind) => Array<Kind>(weights[kind]).fill(kind));
  const count = Math.floor((minutes * 60_000) / everyMs);
  return Array.from({ length: count }, (_, index) => ({
    atMs: Math.round((index + random()) * everyMs),
    kind: (index % 2 === 0 && once[index / 2]) || weighted[Math.floor(random() * weighted.length)]!,
    pick: random(),
    lastsMs: lastsMs(random()),
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

/** The plan that a fault log followed, with the post that each fault hit. */
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
