/** The settings of the oracle. */
import { z } from '../../src/bot.ts';

const count = (otherwise: number, meaning: string) =>
  z.int().min(1).max(1_000_000).default(otherwise).describe(meaning);
const percent = (otherwise: number, meaning: string) =>
  z.number().min(0).max(100).default(otherwise).describe(meaning);
const words = (otherwise: string[], meaning: string) =>
  z.array(z.string().min(1).max(255)).max(50).default(otherwise).describe(meaning);

const isTimeZone = (name: string): boolean => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
};

export const config = z.strictObject({
  window_minutes: z
    .number()
    .min(5)
    .max(1440)
    .default(60)
    .describe('how many minutes of logins, requests, actions and new sessions are looked at'),
  // Supabase Auth, NextAuth, and what platforms call it themselves.
  login_paths: words(
    [
      '/auth/v1/token',
      '/api/auth/callback/credentials',
      '/api/auth/login',
      '/api/auth/signin',
      '/api/login',
      '/auth/login',
      '/login',
    ],
    'endpoints of api_logs, without query string, at which a POST is a login',
  ),
  // 400: Supabase Auth, 422: Laravel and Rails, 423: locked, 429: its rate limit (RFC 6585).
  failed_statuses: z
    .array(z.int().min(400).max(499))
    .max(50)
    .default([400, 401, 403, 422, 423, 429])
    .describe('answers of these endpoints that say that a login failed'),
  login_actions: words(
    ['login', 'signin', 'sign_in', 'user_signedin'],
    'values of user_activity_log.action_type that mean a login',
  ),
  failed_actions: words(
    ['login_failed', 'failed_login', 'login.failed', 'signin_failed', 'sign_in_failed'],
    'values of user_activity_log.action_type that mean a failed login',
  ),
  // Six times what fail2ban's sshd jail bans for (maxretry 5 in findtime 10 minutes, so 30 in an hour).
  min_failed_of_address: count(30, 'fewer failed logins of one address are no finding'),
  // OWASP ASVS 4.0, 2.2.1: no more than 100 failed attempts an hour on one account.
  high_failed: count(100, 'from so many failed logins on a finding is high'),
  min_failed_percent: percent(
    80,
    'with a smaller share of failed logins an address or the platform is no finding: a school behind one address has successes, too',
  ),
  min_failed_of_account: count(
    20,
    'fewer failed logins of one account are no finding; from few networks high_failed counts instead',
  ),
  min_networks_of_account: count(
    3,
    'from so many networks on the failed logins of one account are no forgotten password',
  ),
  min_failed_of_platform: count(200, 'fewer failed logins of the whole platform are no wave'),
  // nginx documents limit_req with 10 requests a second; here for a whole minute.
  max_requests_a_minute: count(
    600,
    'more requests a minute of one address are a finding; the limit counts once for each user behind the address',
  ),
  min_minutes_above: count(2, 'an address is above that limit in at least so many minutes'),
  trusted_addresses: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .max(100)
    .default([])
    .describe('addresses or networks of your own servers and monitors: they are not looked at'),
  role_change_days: z
    .number()
    .min(0.1)
    .max(90)
    .default(7)
    .describe('how many days a change of an administrator is a finding'),
  role_actions: words(
    ['role_change', 'role_changed', 'change_role', 'update_role', 'promote', 'demote'],
    'values of user_activity_log.action_type that mean that a role was changed',
  ),
  timezone: z
    .string()
    .default('UTC')
    .refine(isTimeZone, 'no time zone has this name')
    .describe('the time zone in which hours of the day are told'),
  history_days: z
    .int()
    .min(7)
    .max(90)
    .default(30)
    .describe("how many days of an administrator's actions say which hours are usual"),
  min_active_days: count(
    10,
    'with actions on fewer days the usual hours of an administrator are not known',
  ),
  // A phone changes between two or three networks, and a Tor circuit lives for ten minutes.
  max_networks_of_user: count(
    12,
    'new sessions of one user from more networks (/24, /48) within the window are a finding',
  ),
  max_findings: z
    .int()
    .min(1)
    .max(500)
    .default(50)
    .describe('findings that one check reports at most, the worst first'),
});
export type Config = z.infer<typeof config>;

export const windowSeconds = ({ window_minutes }: Config): number => window_minutes * 60;
