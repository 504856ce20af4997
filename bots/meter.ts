/** Watches what the platform's assistant costs, and how much the engine itself does. */
import { defineBot } from '../src/bot.ts';
import { findStorms, findTooManyRuns } from './meter/automation.ts';
import { findOverBudget, findOverPace } from './meter/budget.ts';
import { config } from './meter/config.ts';
import { findFailures } from './meter/failures.ts';
import { findSlope, findUserSpend } from './meter/slope.ts';

export const meter = defineBot({
  name: 'meter',
  displayName: 'Meter',
  description:
    'Watches the costs of Javari against budgets and against what is usual, failing models, and storms of heals and runs.',
  schedule: '*/10 * * * *',
  config,
  checks: [
    { name: 'budget', title: 'Is spending within its budgets?', run: findOverBudget },
    { name: 'pace', title: "Will the month's budget last?", run: findOverPace },
    { name: 'slope', title: 'Is spending as usual?', run: findSlope },
    { name: 'user-spend', title: 'Does every user spend as usual?', run: findUserSpend },
    {
      name: 'failures',
      title: 'Do requests to models succeed?',
      events: true,
      windowSeconds: ({ failure_minutes }) => failure_minutes * 60,
      run: findFailures,
    },
    {
      name: 'storms',
      title: 'Does the engine act no more than usual?',
      events: true,
      windowSeconds: () => 3_600,
      run: findStorms,
    },
    {
      name: 'own-runs',
      title: 'Do the bots run no more than their cap?',
      events: true,
      windowSeconds: () => 86_400,
      run: findTooManyRuns,
    },
  ],
  knowledge: [
    {
      name: 'automation.storm',
      category: 'automation',
      pattern: '^Storm of automation: ',
      solution: `# The kill switch: nothing is healed until a person says \`npx roundsman mode safe\`.
steps:
  - remedy: healing.stop
    with: { reason: the meter found a storm of automation }
`,
      autonomy: 'suggest',
    },
    {
      name: 'automation.many-runs',
      category: 'automation',
      pattern: '^More runs than usual that no schedule asked for: |^Bots run [0-9,]+ times a day',
      solution:
        'See which bots they are (`npx roundsman runs list`). Make their schedules rarer (`npx roundsman bots edit NAME --schedule`), ' +
        'or pause one that harms (`npx roundsman bots pause NAME`). If they are all wanted, raise the limit of the meter.',
      autonomy: 'suggest',
    },
    {
      name: 'costs.budget',
      category: 'costs',
      pattern: '^Javari (?:budget|pace): ',
      solution:
        'See which models cost most. Move what does not need them to cheaper ones, shorten prompts, or limit what a user may ask for. ' +
        'If the spending is right, raise the budget (`npx roundsman bots edit meter --set month_cents=...`).',
      autonomy: 'suggest',
    },
    {
      name: 'costs.rise',
      category: 'costs',
      pattern: '^Javari costs (?:rise|of a user): ',
      solution:
        'The finding names the models and users that cost most in these hours. Look for a loop that asks again and again, for a ' +
        'longer prompt or a more expensive model since the last deployment, and for a credential that others use; stop that ' +
        'one at its provider.',
      autonomy: 'suggest',
    },
    {
      name: 'models.failing',
      category: 'models',
      pattern: '^Model .+: \\d+ of \\d+ requests failed',
      solution:
        "Read the newest error. Look at the provider's status page, at the quota and the validity of the platform's key, and whether " +
        'the model still exists under this name. Send requests to another model until it answers again.',
      autonomy: 'suggest',
    },
  ],
});
