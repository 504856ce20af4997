/** Watches the apps and tools of the platform: which are not used, fail, cost too much or too little, or have dead pages. */
import { defineBot } from '../src/bot.ts';
import { config, type Config } from './curator/config.ts';
import { findCostsOutOfLine } from './curator/costs.ts';
import { findDeadPages } from './curator/dead-pages.ts';
import { findFailing } from './curator/failing.ts';
import { apps, tools } from './curator/kinds.ts';
import { findUnused } from './curator/unused.ts';

const costSeconds = ({ cost_days }: Config) => cost_days * 86_400;

export const curator = defineBot({
  name: 'curator',
  displayName: 'Curator',
  description:
    'Finds active apps and tools that are not used, fail for most of their users, cost more or less than they should, or have dead pages.',
  schedule: '40 4 * * *',
  needs: ['api_logs', 'app_catalog', 'app_usage', 'tools_catalog', 'tools_usage'],
  config,
  checks: [
    {
      name: 'unused-apps',
      title: 'Is every active app used?',
      run: (given, context) => findUnused(apps, given, context),
    },
    {
      name: 'unused-tools',
      title: 'Is every tool of an active app used?',
      run: (given, context) => findUnused(tools, given, context),
    },
    {
      name: 'failing-apps',
      title: 'Do apps work for most of their users?',
      events: true,
      windowSeconds: ({ failing_hours }) => failing_hours * 3_600,
      run: findFailing,
    },
    {
      name: 'app-costs',
      title: 'Do uses of apps cost what they should?',
      events: true,
      windowSeconds: costSeconds,
      run: (given, context) => findCostsOutOfLine(apps, given, context),
    },
    {
      name: 'tool-costs',
      title: 'Do uses of tools cost what they should?',
      events: true,
      windowSeconds: costSeconds,
      run: (given, context) => findCostsOutOfLine(tools, given, context),
    },
    {
      name: 'dead-pages',
      title: 'Do the pages of active apps answer?',
      run: findDeadPages,
    },
  ],
  // Patterns are anchored: titles also contain requested paths, which may contain any words.
  knowledge: [
    {
      name: 'apps.failing',
      category: 'apps',
      pattern: '^app .{1,100} fails for',
      solution:
        '# Sets the app to maintenance until it works. It acts by itself only if a person sets this entry to auto.\n' +
        'steps:\n  - remedy: app.set-status\n    with: { status: maintenance }\n',
      autonomy: 'suggest',
    },
    {
      name: 'apps.dead-page',
      category: 'apps',
      pattern: '^app .{1,100} has had a dead page',
      solution:
        '# Sets the app to maintenance until its page answers again. It acts by itself only if a person sets this entry to auto.\n' +
        'steps:\n  - remedy: app.set-status\n    with: { status: maintenance }\n',
      autonomy: 'suggest',
    },
    {
      name: 'apps.unused',
      category: 'apps',
      pattern: '^(app|tool) .{1,100} is active and unused',
      solution:
        'Ask its owner whether it is still wanted. If it is used in a season only, name it in the setting seasonal of the ' +
        'curator. If it is not wanted, set app_catalog.status to deprecated. If it should be used, check that users can find it.',
      autonomy: 'suggest',
    },
    {
      name: 'apps.cost-out-of-line',
      category: 'apps',
      pattern: '^(app|tool) .{1,100} costs',
      solution:
        'Compare the first uses that cost something else with the deployments of that day: either the app computes its cost ' +
        'wrongly, or credit_cost of the app or tool is out of date. Users who paid too much get the difference back as a bonus or refund.',
      autonomy: 'suggest',
    },
  ],
});
