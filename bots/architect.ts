/** Watches the repositories of the platform's apps at GitHub, at a cost of less than 60 points an hour for 200 of them. */
import { defineBot } from '../src/bot.ts';
import { findUnreadable } from './architect/addresses.ts';
import { findAlerts } from './architect/alerts.ts';
import { findStorms } from './architect/automation.ts';
import { findBilling } from './architect/billing.ts';
import { config } from './architect/config.ts';
import { findFailing } from './architect/default-branch.ts';
import { findStaleKeys } from './architect/deploy-keys.ts';
import { knowledge } from './architect/knowledge.ts';
import { keySecret, secretOf, tokenSecret } from './architect/open.ts';
import { findGone } from './architect/presence.ts';
import { findMissingChecks } from './architect/required-checks.ts';
import { findStuck } from './architect/workflow-runs.ts';
import { findWidePermissions } from './architect/workflow-permissions.ts';

export const architect = defineBot({
  name: 'architect',
  displayName: 'Architect',
  description:
    'Watches the repositories of the apps at GitHub: failing branches, stuck workflows, billing, security alerts, keys, commits by programs.',
  schedule: '*/15 * * * *',
  // GitHub may be slow, and may ask to wait.
  timeoutSeconds: 240,
  needs: ['app_catalog'],
  secrets: [tokenSecret, keySecret],
  secretsFor: (config) => [secretOf(config)],
  config,
  checks: [
    {
      name: 'addresses',
      title: 'Does the repository_url of every app name a repository?',
      run: findUnreadable,
    },
    {
      name: 'repositories',
      title: 'Is every repository there and in use, and may the token see it?',
      looksOutside: true,
      remembers: true,
      run: findGone,
    },
    {
      name: 'billing',
      title: 'Does no account stop its workflows for its billing, and has the token points left?',
      looksOutside: true,
      run: findBilling,
    },
    {
      name: 'default-branch',
      title: 'Do the checks of every default branch succeed?',
      looksOutside: true,
      run: findFailing,
    },
    {
      name: 'workflow-runs',
      title: 'Does every workflow start and end in time?',
      looksOutside: true,
      run: findStuck,
    },
    {
      name: 'automation',
      title: 'Does no program commit again and again?',
      looksOutside: true,
      run: findStorms,
    },
    {
      name: 'required-checks',
      title: 'Does every check that a default branch requires report?',
      looksOutside: true,
      remembers: true,
      run: findMissingChecks,
    },
    {
      name: 'security-alerts',
      title: 'Are there no alerts about dependencies, and no secrets in code?',
      looksOutside: true,
      remembers: true,
      run: findAlerts,
    },
    {
      name: 'deploy-keys',
      title: 'Is every deploy key used?',
      looksOutside: true,
      remembers: true,
      run: findStaleKeys,
    },
    {
      name: 'workflow-permissions',
      title: 'May workflows only read by default?',
      looksOutside: true,
      remembers: true,
      run: findWidePermissions,
    },
  ],
  knowledge,
});
