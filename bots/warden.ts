/**
 * Finds what users can reach in the database and should not, in the system catalogue of PostgreSQL alone: it reads no row of the
 * platform. The rules follow the documentation of PostgreSQL (row security policies, CREATE FUNCTION "Writing SECURITY DEFINER
 * Functions Safely", CREATE VIEW) and of Supabase (row level security, column level security, hardening the Data API).
 */
import { defineBot } from '../src/bot.ts';
import type { Bot, KnowledgeSeed } from '../src/bot.ts';
import { adviceOn } from './parts/advice.ts';
import { findSecretColumns } from './warden/columns.ts';
import { config, type CheckName, type Config } from './warden/config.ts';
import { findExposedExtensions } from './warden/extensions.ts';
import { findDefinerFunctions, findLoosePaths } from './warden/functions.ts';
import { findOpenPolicies, findPoliciesWithoutRoles } from './warden/policies.ts';
import { findIdleSecrets } from './warden/secrets.ts';
import { findRowSecurityOff } from './warden/tables.ts';
import { findOpenViews } from './warden/views.ts';

const advice: (name: CheckName | 'waivers', pattern: string, solution: string) => KnowledgeSeed =
  adviceOn('access');

/** `catalogue` gives all bots, whose code may ask for secrets. */
export const wardenOf = (catalogue: () => readonly Bot[]): Bot =>
  defineBot<Config>({
    name: 'warden',
    displayName: 'Warden',
    description:
      'Finds tables, policies, functions, views and columns that are open to users, and secrets that are old or not used.',
    schedule: '7 * * * *',
    config,
    checks: [
      {
        name: 'row-security',
        title: 'Is row level security on for every table on which users have rights?',
        run: findRowSecurityOff,
      },
      {
        name: 'open-policies',
        title: 'Does every policy for writing have a condition?',
        run: findOpenPolicies,
      },
      {
        name: 'policy-roles',
        title: 'Does every policy for writing name its roles?',
        run: findPoliciesWithoutRoles,
      },
      {
        name: 'definer-functions',
        title: "Does no function give anonymous callers its owner's rights?",
        run: findDefinerFunctions,
      },
      {
        name: 'search-path',
        title: 'Does every function set its own search_path?',
        run: findLoosePaths,
      },
      {
        name: 'views',
        title: 'Does no view bypass row level security?',
        run: findOpenViews,
      },
      {
        name: 'secret-columns',
        title: 'Can users read no column that holds secrets?',
        run: findSecretColumns,
      },
      {
        name: 'extensions',
        title: 'Is no extension in a schema that clients reach?',
        run: findExposedExtensions,
      },
      {
        name: 'secrets',
        title: 'Is every stored secret used, and not too old?',
        run: (config, context) => findIdleSecrets(config, context, catalogue()),
      },
    ],
    knowledge: [
      advice(
        'row-security',
        '^row level security is off: ',
        'Find out who is meant to read and write the table, write a policy for each command and role, then enable row level ' +
          'security in one migration with them. If no user is meant to reach it, revoke the rights. Try it as a user before and after.',
      ),
      advice(
        'open-policies',
        '^policy lets users write without a condition: ',
        'Replace the condition by one that names the owner of the row (user_id = (SELECT auth.uid())), in USING and in WITH CHECK. ' +
          'If all users are meant to add rows, for example feedback, limit the columns by a grant and waive the finding.',
      ),
      advice(
        'policy-roles',
        '^policy names no role: ',
        'Add TO authenticated, or the roles that are meant. A policy that only admits service_role can be dropped: that role ' +
          'bypasses row level security.',
      ),
      advice(
        'definer-functions',
        '^function runs as its owner for anonymous callers: ',
        'Revoke EXECUTE from PUBLIC and anon, and grant it to the roles that call it. A function that policies alone ask belongs in a ' +
          'schema that the API does not expose. Also set ALTER DEFAULT PRIVILEGES so that new functions begin without EXECUTE for PUBLIC.',
      ),
      advice(
        'search-path',
        '^function has no search_path of its own: ',
        'Set its search_path to the schemas that its body uses, with pg_temp last, and call it once afterwards. Functions that are ' +
          'SECURITY DEFINER come first.',
      ),
      advice(
        'views',
        '^(materialized )?view bypasses row level security: ',
        'Set security_invoker on a view, and give its users the policies and grants that they need on its tables. Revoke SELECT on a ' +
          'materialized view, and read it from a function that filters by the user. If all users may read its rows, waive the finding.',
      ),
      advice(
        'secret-columns',
        '^secrets can be selected by users: ',
        'Replace the grant on the table by one on the other columns, and have the client name its columns: SELECT * fails then. ' +
          'If rows were open to others, treat these secrets as known, and change them.',
      ),
      advice(
        'extensions',
        '^extension is in a schema that clients reach: ',
        'Move it to schema extensions where it can be moved, and check that the search_path of the roles names that schema. ' +
          'Otherwise revoke EXECUTE on its functions from anon and authenticated, and waive the finding.',
      ),
      advice(
        'secrets',
        '^secret is (not used|old): ',
        'Remove a secret to which nothing refers, and revoke it at its service. Replace an old value: make a new one, store it, check ' +
          'that the next run works, then revoke the old one.',
      ),
      advice(
        'waivers',
        '^waiver matches nothing: ',
        'Remove the waiver from the setting waivers of the bot warden, or correct the name of its object.',
      ),
    ],
  });
