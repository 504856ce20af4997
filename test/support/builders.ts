/** Makes bots, remedies, entries of knowledge and findings for tests. */
import { defineBot, defineRemedy, z } from '../../src/bot.ts';
import type { Bot, Check, CheckResult, Remedy, ReportedFinding } from '../../src/bot.ts';
import { catalogueOf, type Catalogue } from '../../src/catalogue/catalogue.ts';

type CheckBody = Check<unknown>['run'];

/** A bot with one check, or with several by name. By default it is due only once a year. */
export function aBot(
  name: string,
  checks: CheckBody | Record<string, CheckBody>,
  rest: Partial<Bot> = {},
): Bot {
  const bodies = typeof checks === 'function' ? { 'is-well': checks } : checks;
  return defineBot({
    name,
    displayName: name,
    description: `The bot ${name} of a test`,
    schedule: '0 0 1 1 *',
    config: z.looseObject({}),
    checks: Object.entries(bodies).map(([check, run]) => ({ name: check, title: check, run })),
    ...rest,
  });
}

export const clean = (...examined: string[]): CheckResult => ({ examined, findings: [] });

export const problem = (
  component: string,
  rest: Partial<ReportedFinding> = {},
): ReportedFinding => ({
  severity: 'high',
  category: 'trouble',
  title: `${component} is broken`,
  component,
  ...rest,
});

/** The result of a check that examined these components and found all of them broken. */
export const broken = (...components: string[]): CheckResult => ({
  examined: components,
  findings: components.map((component) => problem(component)),
});

/** A safe remedy without parameters, whose `isDone` is always false. */
export const aRemedy = (
  name: string,
  apply: (context: Parameters<Remedy['apply']>[1]) => Promise<unknown>,
  rest: Partial<Remedy> = {},
): Remedy =>
  defineRemedy({
    name,
    title: `Do ${name}`,
    risk: 'safe',
    params: z.looseObject({}),
    isDone: async () => false,
    apply: async (_, context) => {
      await apply(context);
      return { summary: `did ${name}`, before: null, after: null };
    },
    undo: async () => ({ summary: `undid ${name}`, before: null, after: null }),
    ...rest,
  }) as Remedy;

export const playbook = (...remedies: string[]) =>
  ['steps:', ...remedies.map((remedy) => `  - remedy: ${remedy}`)].join('\n');

/** An entry of knowledge, for tests of healing, that matches every {@link problem}. */
export const entry = (name: string, solution: string, rest = {}) => ({
  name,
  category: 'trouble',
  pattern: 'is broken',
  solution,
  autonomy: 'auto' as const,
  ...rest,
});

export const catalogue = (bots: Bot[], remedies: Remedy[] = []): Catalogue =>
  catalogueOf(bots, remedies);
