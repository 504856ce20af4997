/**
 * Watches how users sign in and what administrators do. It reads `api_logs` (POST requests to login endpoints, and requests by IP address),
 * `user_activity_log` (actions), `profiles.role` and `user_sessions` without its tokens.
 */
import { defineBot } from '../src/bot.ts';
import { config, windowSeconds } from './oracle/config.ts';
import { findAccounts, findAddresses, findWave } from './oracle/logins.ts';
import { findOddHours } from './oracle/odd-hours.ts';
import { findRequestRates } from './oracle/request-rate.ts';
import { findRoleChanges, roleWindowSeconds } from './oracle/role-changes.ts';
import { findSpreadSessions } from './oracle/session-networks.ts';

export const oracle = defineBot({
  name: 'oracle',
  displayName: 'Oracle',
  description:
    'Watches failed logins, requests by IP address, changes of administrators, their actions at unusual hours, and sessions from too many networks.',
  schedule: '*/30 * * * *',
  needs: ['api_logs', 'user_activity_log', 'profiles', 'user_sessions'],
  config,
  checks: [
    {
      name: 'address-logins',
      title: 'Do most logins from each IP address succeed?',
      events: true,
      windowSeconds,
      run: findAddresses,
    },
    {
      name: 'account-logins',
      title: 'Is no account attacked by guessing its password?',
      events: true,
      windowSeconds,
      run: findAccounts,
    },
    {
      name: 'login-wave',
      title: 'Do most logins of the whole platform succeed?',
      events: true,
      windowSeconds,
      run: findWave,
    },
    {
      name: 'request-rate',
      title: 'Does no IP address send more requests than its users would?',
      events: true,
      windowSeconds,
      run: findRequestRates,
    },
    {
      name: 'role-changes',
      title: 'Is no user a new or a former administrator?',
      events: true,
      remembers: true,
      windowSeconds: roleWindowSeconds,
      run: findRoleChanges,
    },
    {
      name: 'odd-hours',
      title: 'Do administrators act at their usual hours?',
      events: true,
      windowSeconds,
      run: findOddHours,
    },
    {
      name: 'session-networks',
      title: 'Does no user have sessions from too many networks?',
      run: findSpreadSessions,
    },
  ],
  knowledge: [
    {
      name: 'login.address',
      category: 'logins',
      pattern: '^failed logins from ',
      solution:
        'Look at the user agents and the accounts of these requests. If it is no office or school of your users, block the IP address at ' +
        'the proxy for a day, and have the passwords of accounts with a successful login from it changed. If it is your own monitor, ' +
        'correct its password or add its IP address to trusted_addresses.',
      autonomy: 'suggest',
    },
    {
      name: 'login.account',
      category: 'logins',
      pattern: '^failed logins of user ',
      solution:
        'Slow down or stop logins of this account for an hour, and write to its user at the mail address that was known before. If a ' +
        'login succeeded in between, end its sessions and have the password changed. A device with an old password is a harmless cause.',
      autonomy: 'suggest',
    },
    {
      name: 'login.wave',
      category: 'logins',
      pattern: '^logins of the whole platform fail',
      solution:
        'First check whether the login works: sign in by hand, and read error_logs. If it works, switch on a captcha or a second factor, ' +
        'lower the rate limit of the login, and block the networks from which most of them come.',
      autonomy: 'suggest',
    },
    {
      name: 'request.rate',
      category: 'requests',
      pattern: '^requests from .*: up to \\d+ a minute',
      solution:
        'See which endpoints it calls. Limit the rate of the IP address at the proxy. If it is a partner or a server of your own, agree on ' +
        'a rate and add it to trusted_addresses.',
      autonomy: 'suggest',
    },
    {
      name: 'role.change',
      category: 'roles',
      pattern: '^role of user .* changed: ',
      solution:
        'Ask an owner of the platform whether they decided it, and not through this account. If they did, resolve the ticket. If not: ' +
        'set profiles.role back, end the sessions of the user and of the person who changed it, and read user_activity_log of both.',
      autonomy: 'suggest',
    },
    {
      name: 'admin.odd-hours',
      category: 'admins',
      pattern: '^administrator .* acted at unusual hours',
      solution:
        'Ask the administrator. If it was another person: end the sessions, remove the role, and read in user_activity_log what was done.',
      autonomy: 'suggest',
    },
    {
      name: 'session.spread',
      category: 'sessions',
      pattern: '^sessions of user .* come from \\d+ networks',
      solution: 'steps:\n  - remedy: session.end\n',
      // Signing a person out is for people to approve.
      autonomy: 'suggest',
    },
  ],
});
