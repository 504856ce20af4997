/** What breaks on the simulated platform, and what each cure does about it in truth. The engine sees none of it. */
import type { KnowledgeSeed, Risk } from '../../../src/bot.ts';

/** One fault: when and where it begins, and all that chance has to say about it, drawn beforehand. */
export interface Incident {
  /** in the order of time, from 0 on */
  number: number;
  /** the round that sees it first, in minutes */
  at: number;
  kind: Kind;
  component: string;
  /** minutes after which it is gone by itself; null when it stays until it is cured */
  lasts: number | null;
  /** 0 to 1: a cure that works for a share of the faults works for those below it */
  luck: number;
  /** minutes from its ticket until a person looks at it */
  respond: number;
  /** whether that person approves what is suggested, instead of mending it by hand */
  approves: boolean;
}

/** `hides`: the fault is back after 40 minutes. `harms`: it stays, and another component breaks. */
export type Truth = 'cures' | 'nothing' | 'hides' | 'harms';

export const hiddenMinutes = 40;

export interface Cure {
  name: string;
  kind: Kind;
  risk: Risk;
  begins: KnowledgeSeed['autonomy'];
  /** how long after it was applied the check is asked again; at once unless told */
  verifyAfter?: string;
  /** its effect is on the other side of a HTTP request */
  outside?: true;
  /** for people */
  does: string;
  truth(incident: Incident): Truth;
}

const works = (does: boolean): Truth => (does ? 'cures' : 'nothing');

export const kinds = ['queue', 'service', 'cache', 'tunnel', 'feed', 'disk', 'index'] as const;
/** Kinds whose check counts requests in a window: many come by day, hardly any by night. */
export const windowedKinds = ['endpoint', 'burst'] as const;
export type Kind = (typeof kinds)[number] | (typeof windowedKinds)[number];
export const allKinds: readonly Kind[] = [...kinds, ...windowedKinds];

export const isWindowed = (kind: Kind): boolean => windowedKinds.some((each) => each === kind);

/** The share of a kind's faults that is gone by the next round without a cure. */
export const recovery = (kind: Kind): number => (kind === 'feed' || kind === 'burst' ? 0.7 : 0.1);

export const componentsOf = (kind: Kind): string[] =>
  ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `${kind}-${letter}`);

export const cures: readonly Cure[] = [
  {
    name: 'always',
    kind: 'queue',
    risk: 'reversible',
    begins: 'shadow',
    does: 'works always',
    truth: () => 'cures',
  },
  {
    name: 'always-remote',
    kind: 'service',
    risk: 'reversible',
    begins: 'suggest',
    outside: true,
    does: 'works always, on the other side of a HTTP request',
    truth: () => 'cures',
  },
  {
    name: 'only-a',
    kind: 'cache',
    risk: 'reversible',
    begins: 'suggest',
    does: 'works for component A only',
    truth: ({ component }) => works(component === 'cache-a'),
  },
  {
    name: 'forty-minutes',
    kind: 'tunnel',
    risk: 'reversible',
    begins: 'auto',
    does: 'works for 40 minutes',
    truth: () => 'hides',
  },
  {
    name: 'placebo',
    kind: 'feed',
    risk: 'safe',
    begins: 'auto',
    // Long enough for the fault to be gone by itself: at once it would be found out too easily.
    verifyAfter: '9m',
    does: 'does nothing, where 70 % recover by themselves',
    truth: () => 'nothing',
  },
  {
    name: 'harmful',
    kind: 'disk',
    risk: 'reversible',
    begins: 'auto',
    does: 'breaks another component',
    truth: () => 'harms',
  },
  {
    name: 'better',
    kind: 'index',
    risk: 'reversible',
    begins: 'suggest',
    does: 'works for 90 %, and competes',
    truth: ({ luck }) => works(luck < 0.9),
  },
  {
    name: 'worse',
    kind: 'index',
    risk: 'reversible',
    begins: 'suggest',
    does: 'works for 50 %, and competes',
    truth: ({ luck }) => works(luck < 0.5),
  },
  {
    name: 'restart',
    kind: 'endpoint',
    risk: 'reversible',
    begins: 'suggest',
    does: 'works always, where a check counts requests',
    truth: () => 'cures',
  },
  {
    name: 'soothe',
    kind: 'burst',
    risk: 'safe',
    begins: 'auto',
    does: 'does nothing, where a check counts requests and 70 % of the bursts end by themselves',
    truth: () => 'nothing',
  },
];

export const curesOf = (kind: Kind): Cure[] => cures.filter((cure) => cure.kind === kind);
