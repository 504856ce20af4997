/** Cures of known merit. */
import { minShareForAuto } from '../../../src/heal/judging/autonomy.ts';
import type { Scenario } from './histories.ts';

const scenario = (
  name: string,
  share: number | Scenario['cures'],
  rest: Partial<Scenario> = {},
) => ({
  name,
  risk: 'reversible' as const,
  begins: 'suggest' as const,
  components: 6,
  faults: 300,
  cures: typeof share === 'number' ? () => share : share,
  recovers: 0.1,
  fails: 'at once' as const,
  ...rest,
});

export const scenarios: Scenario[] = [
  ...[0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1].flatMap((share) => [
    scenario(`${share} on one component`, share, { components: 1 }),
    scenario(`${share} on six`, share),
  ]),
  scenario('0.9 on six, failing later', 0.9, { fails: 'later' }),
  scenario('a placebo that can be undone, 70 % recover', 0, { recovers: 0.7, fails: 'later' }),
  scenario('a placebo that can be undone, 70 % recover, one component', 0, {
    recovers: 0.7,
    fails: 'later',
    components: 1,
  }),
  scenario('0.9 where 70 % recover', 0.9, { recovers: 0.7 }),
  scenario('a harmless placebo, 70 % recover', 0, {
    risk: 'safe',
    begins: 'auto',
    recovers: 0.7,
    fails: 'later',
  }),
  scenario('a harmless placebo, 10 % recover', 0, { risk: 'safe', begins: 'auto', fails: 'later' }),
  scenario('harmless, 0.9', 0.9, { risk: 'safe', begins: 'auto' }),
  scenario('harmless, 0.9 where 70 % recover', 0.9, {
    risk: 'safe',
    begins: 'auto',
    recovers: 0.7,
  }),
  scenario('works for 40 minutes, begins at auto', 0, {
    begins: 'auto',
    recovers: 0,
    fails: 'later',
  }),
  scenario('does nothing, begins at auto', 0, { begins: 'auto' }),
  scenario('0.3, begins at auto', 0.3, { begins: 'auto' }),
  scenario('0.5, begins at auto', 0.5, { begins: 'auto' }),
  scenario('0.9, begins at auto', 0.9, { begins: 'auto' }),
  scenario('works on the first of six', (component) => (component === 0 ? 1 : 0)),
  scenario('works on the first of six, and half of the time elsewhere', (component) =>
    component === 0 ? 1 : 0.5,
  ),
  scenario('fails on the first of six', (component) => (component === 0 ? 0 : 1)),
  scenario('works for 150 faults and not any more', (_, fault) => (fault <= 150 ? 1 : 0)),
  scenario(
    'works for 150 faults and not any more, one component',
    (_, fault) => (fault <= 150 ? 1 : 0),
    { components: 1, fails: 'later' },
  ),
];

/** What may not be auto there: it is not surely worth it. */
export const wronglyAuto =
  ({ cures, recovers }: Scenario) =>
  (component: number, fault: number): boolean => {
    const cured = cures(component, fault);
    return cured === 0 || cured + (1 - cured) * recovers < minShareForAuto;
  };
