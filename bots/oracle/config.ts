/** The settings of the oracle. */
import { z } from '../../src/bot.ts';
import { count, maxFindings, percent, timeZone } from '../parts/settings.ts';

const words = (otherwise: string[], meaning: string) =>
  z.array(z.string().min(1).max(255)).max(50).default(otherwise).describe(meaning);

export const config = z.strictObject({
  // An hour: the limits of OWASP and fail2ban below are given an hour.
  window_minutes: z
    .number()
    .min(5)
    .max(1_440)
    .default(60)
    .describe('over how many minutes logins, requests, actions and new sessions are counted'),
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
    'endpoints of api_logs, without query string, at which a POST request is a login',
  ),
  // 400: Supabase Auth, 422: Laravel and Rails, 423: locked, 429: its rate limit (RFC 6585).
  failed_statuses: z
    .array(z.int().min(400).max(499))
    .max(50)
    .default([400, 401, 403, 422, 423, 429])
    .describe('statuses with which these endpoints answer a failed login'),
  login_actions: words(
    ['login', 'signin', 'sign_in', 'user_signedin'],
    'values of user_activity_log.action_type that mean a login',
  ),
  failed_actions: words(
    ['login_failed', 'failed_login', 'login.failed', 'signin_failed', 'sign_in_failed'],
    'values of user_activity_log.action_type that mean a failed login',
  ),
  // As fail2ban's jail for sshd, which bans at 5 in 10 minutes (maxretry, findtime): 30 in an hour.
  min_failed_of_address: count(
    30,
    'fewer failed logins from one IP address than this are no finding',
  ),
  // OWASP ASVS 4.0, 2.2.1: no more than 100 failed attempts an hour on one account.
  high_failed: count(100, 'from this many failed logins on a finding is high'),
  // Our choice: pupils of a school behind one IP address fail in fewer than half of their logins.
  min_failed_percent: percent(
    80,
    'an IP address or the platform with a smaller share of failed logins than this is no finding: a school behind one IP address has successes, too',
  ),
  // Our choice: a person who forgot a password gives up or resets it before.
  min_failed_of_account: count(
    20,
    'fewer failed logins of one account than this are no finding; from fewer than min_networks_of_account networks, high_failed counts',
  ),
  // A person signs in from the networks of a home and of a phone.
  min_networks_of_account: count(
    3,
    'an account whose failed logins come from at least this many networks is a finding from min_failed_of_account on',
  ),
  // Our choice: above high_failed, because all users together fail more often than one.
  min_failed_of_platform: count(
    200,
    'fewer failed logins of the whole platform than this are no finding',
  ),
  // nginx documents limit_req with 10 requests a second; here for a whole minute.
  max_requests_a_minute: count(
    600,
    'more requests a minute from one IP address than this are a finding; the limit counts once for each user behind the IP address',
  ),
  // One minute may be a page that loads many parts.
  min_minutes_above: count(2, 'in how many minutes an IP address has to be above that limit'),
  trusted_addresses: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .max(100)
    .default([])
    .describe('IP addresses or networks of your own servers and monitors: they are not examined'),
  // A week: the person who reads the findings on Mondays sees it.
  role_change_days: z
    .number()
    .min(0.1)
    .max(90)
    .default(7)
    .describe('for how many days a change of an administrator is a finding'),
  role_actions: words(
    ['role_change', 'role_changed', 'change_role', 'update_role', 'promote', 'demote'],
    'values of user_activity_log.action_type that mean a change of a role',
  ),
  timezone: timeZone("the time zone of the administrators' hours of the day"),
  // A month holds every kind of working day.
  history_days: z
    .int()
    .min(7)
    .max(90)
    .default(30)
    .describe("how many days of an administrator's actions say which hours are usual"),
  // Two working weeks.
  min_active_days: count(
    10,
    'an administrator with actions on fewer of these days than this is not judged',
  ),
  // Our choice: an administrator who signs in once late in the evening is no alarm, one who works then may be.
  min_odd_actions: count(
    3,
    'an administrator with fewer actions than this at unusual hours is no finding, unless one is from a new network',
  ),
  // A phone changes between two or three networks, and a Tor circuit lasts for ten minutes.
  max_networks_of_user: count(
    12,
    'new sessions of one user from more networks (/24, /48) than this in window_minutes are a finding',
  ),
  max_findings: maxFindings(),
});
export type Config = z.infer<typeof config>;

export const windowSeconds = ({ window_minutes }: Config): number => window_minutes * 60;
