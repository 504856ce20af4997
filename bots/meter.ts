/** Watches what the platform's assistant Javari costs, and how many heals and runs the engine itself begins. */
import { defineBot } from '../src/bot.ts';
import { findRunaway, findTooManyRuns } from './meter/automation.ts';
import { findOverBudget } from './meter/budget.ts';
import { config } from './meter/config.ts';
import { findFailures } from './meter/failures.ts';
import { findOverPace } from './meter/pace.ts';
import { findSlope, findUserSpend } from './meter/slope.ts';

export const meter = defineBot({
  name: 'meter',
  displayName: 'Meter',
  description:
    'Watches the costs of Javari against budgets and against usual costs, failing models, and runaway automation: too many heals or runs.',
  schedule: '*/10 * * * *',
  config,
  checks: [
    { name: 'budget', title: 'Is spending within its budgets?', run: findOverBudget },
    { name: 'pace', title: "Will the month's spending stay within its budget?", run: findOverPace },
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
      name: 'runaway',
      title: 'Does the engine begin no more heals and runs than usual?',
      events: true,
      windowSeconds: () => 3_600,
      run: findRunaway,
    },
    {
      name: 'own-runs',
      title: 'Is the number of runs a day below its cap?',
      events: true,
      windowSeconds: () => 86_400,
      run: findTooManyRuns,
    },
  ],
  knowledge: [
    {
      name: 'automation.runaway',
      category: 'automation',
      pattern: '^Runaway automation: ',
      solution: `# The kill switch: nothing is healed until a person runs \`npx roundsman mode safe\`.
steps:
  - remedy: healing.stop
    with: { reason: the meter found runaway automation }
`,
      autonomy: 'suggest',
    },
    {
      name: 'automation.many-runs',
      category: 'automation',
      pattern: '^More runs than usual that no schedule asked for: |^Bots run [0-9,]+ times a day',
      solution:
        'See which bots they are (`npx roundsman runs list`). Have them run less often (`npx roundsman bots edit NAME --schedule`), ' +
        'or pause one that harms (`npx roundsman bots pause NAME`). If all runs are wanted, raise max_unplanned_an_hour or max_runs_a_day of the meter.',
      autonomy: 'suggest',
    },
    {
      name: 'costs.budget',
      category: 'costs',
      pattern: '^Javari (?:budget|pace): ',
      solution:
        'See which models cost most. Use cheaper models where they are good enough, shorten prompts, or limit the requests of each user. ' +
        'If the spending is right, raise the budget (`npx roundsman bots edit meter --set month_cents=...`).',
      autonomy: 'suggest',
    },
    {
      name: 'costs.rise',
      category: 'costs',
      pattern: '^Javari costs (?:rise|of a user): ',
      solution:
        'The finding names the models and users that cost most in these hours. Look for a loop that sends requests again and again, for a ' +
        'longer prompt or a more expensive model since the last deployment, and for a credential that strangers use; revoke that ' +
        'credential at its provider.',
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
