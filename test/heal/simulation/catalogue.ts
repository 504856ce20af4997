/** A bot for each kind of component, and the cures as remedies and knowledge of the real engine. */
import { defineBot, defineRemedy, z, type Bot, type Remedy } from '../../../src/bot.ts';
import type { Check, EventCheck } from '../../../src/bot.ts';
import { catalogueOf, type Catalogue } from '../../../src/catalogue/catalogue.ts';
import { conductor } from '../../../bots/conductor.ts';
import {
  componentsOf,
  cures,
  curesOf,
  isWindowed,
  type Cure,
  type Incident,
  type Kind,
} from './cures.ts';
import type { Loops } from './loops.ts';
import { downOf, takeEffect } from './platform.ts';
import { countRequests, windowSeconds } from './traffic.ts';

/** What a check and a remedy of the simulation need of the platform. */
export interface SimulatedPlatform {
  url: string;
  incidents: readonly Incident[];
}

export const simulatedCatalogue = (
  platform: SimulatedPlatform,
  kinds: readonly Kind[],
  loops: Pick<Loops, 'bots' | 'remedies'>,
): Catalogue =>
  catalogueOf(
    // Its own knowledge names remedies that this platform does not have.
    [...kinds.map((kind) => botOf(platform, kind)), ...loops.bots, { ...conductor, knowledge: [] }],
    [...cures.map((cure) => remedyOf(platform, cure)), ...loops.remedies],
  );

const botOf = ({ url }: SimulatedPlatform, kind: Kind): Bot =>
  defineBot({
    name: kind,
    displayName: kind,
    description: `Looks after each ${kind} of the simulated platform`,
    schedule: '*/10 * * * *',
    config: z.looseObject({}),
    checks: [isWindowed(kind) ? counting(kind) : looking(url, kind)],
    knowledge: curesOf(kind).map(({ name, begins, verifyAfter }) => ({
      name,
      category: kind,
      pattern: `${kind}-[a-f] does not answer`,
      solution: `steps:\n  - remedy: simulated.${name}${verifyAfter ? `\n    verify_after: ${verifyAfter}` : ''}`,
      autonomy: begins,
    })),
  });

const title = (kind: Kind) => `Does each ${kind} answer?`;

const looking = (url: string, kind: Kind): Check<unknown> => ({
  name: 'is-well',
  title: title(kind),
  async run(_, { db }) {
    const down = curesOf(kind).some(({ outside }) => outside)
      ? ((await (await fetch(`${url}/down`)).json()) as string[])
      : await downOf(db, kind);
    return {
      examined: componentsOf(kind),
      findings: down.map((component) => ({
        severity: 'high',
        category: kind,
        title: `${component} does not answer`,
        component,
      })),
    };
  },
});

const counting = (kind: Kind): EventCheck<unknown> => ({
  name: 'is-well',
  title: title(kind),
  events: true,
  windowSeconds: () => windowSeconds,
  run: (_, context) => countRequests(context.db, kind, context),
});

const remedyOf = ({ url, incidents }: SimulatedPlatform, cure: Cure): Remedy =>
  defineRemedy({
    name: `simulated.${cure.name}`,
    title: `Try ${cure.name}`,
    risk: cure.risk,
    params: z.looseObject({}),
    ...(cure.outside && { outside: true }),
    async isDone(_, { target }) {
      if (!cure.outside) return false;
      const down = (await (await fetch(`${url}/down`)).json()) as string[];
      return !down.includes(target.component);
    },
    async apply(_, { db, target, key }) {
      if (cure.outside) {
        const headers = { 'idempotency-key': key };
        const answer = await fetch(`${url}/${target.component}`, { method: 'POST', headers });
        if (!answer.ok) throw new Error(await answer.text());
      } else await takeEffect(db, incidents, cure, target.component, key);
      return { summary: `tried ${cure.name}`, before: null, after: null };
    },
    // A reversible remedy has to have an undo; no person of the simulation asks for it.
    undo: async () => ({ summary: 'took nothing back', before: null, after: null }),
  });
