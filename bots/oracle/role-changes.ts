/**
 * Which users became administrators, and which no longer are. The schema keeps no history of roles, so the check remembers who had which role
 * and compares. Its first run only remembers. Where the platform writes such changes to `user_activity_log`, it reads
 * these, too: they say who did it.
 */
import { sql, z } from '../../src/bot.ts';
import type { EventContext, EventResult, ReportedFinding } from '../../src/bot.ts';
import { dayMs } from '../parts/time.ts';
import { maskedEmail, userInWords } from '../parts/people.ts';
import type { Config } from './config.ts';

const maxAdmins = 200;
const maxChanges = 40;

const change = z.object({
  user: z.guid(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  at: z.iso.datetime(),
});
type Change = z.infer<typeof change>;
const memory = z.object({ roles: z.record(z.guid(), z.string()), changes: z.array(change) });
type Memory = z.infer<typeof memory>;

export const roleWindowSeconds = ({ role_change_days }: Config) => role_change_days * 86_400;

export async function findRoleChanges(config: Config, context: EventContext): Promise<EventResult> {
  const { db, now, from, starts, only, remembered, skip } = context;
  const { rows } = await sql<{ id: string; role: string }>`
    SELECT id, role FROM profiles WHERE role IN ('admin', 'owner') ORDER BY id LIMIT ${maxAdmins + 1}`.execute(
    db,
  );
  if (rows.length > maxAdmins)
    skip(
      `there are more than ${maxAdmins} administrators, which is as many as the check can remember: remove the role from users who do not need it`,
    );
  const roles = Object.fromEntries(rows.map(({ id, role }) => [id, role]));
  const read = memory.safeParse(remembered);
  const before: Memory = read.success ? read.data : { roles, changes: [] };
  const users = [...new Set([...Object.keys(before.roles), ...Object.keys(roles)])];
  const seen = users
    .filter((user) => before.roles[user] !== roles[user])
    .map((user) => ({
      user,
      from: before.roles[user] ?? null,
      to: roles[user] ?? null,
      at: now.toISOString(),
    }));
  const recent = [...seen, ...before.changes]
    .filter(({ at }) => now.getTime() - Date.parse(at) < config.role_change_days * dayMs)
    // The database's clock may have been set back since: no change is of a later time than now.
    .map((each) =>
      Date.parse(each.at) > now.getTime() ? { ...each, at: now.toISOString() } : each,
    );
  const kept = recent.slice(0, maxChanges);
  const logged = await readLoggedChanges(config, context, users);
  const compared = new Set(kept.map(({ user }) => user));
  const onlyLogged = [...logged]
    .filter(([user]) => roles[user] !== undefined && !compared.has(user))
    .map(([user, { at }]) => ({ user, from: null, to: roles[user]!, at }));

  const startOf = new Map(starts.map((each) => [each.key, each.from]));
  const isCounted = ({ user, at }: Change) =>
    Date.parse(at) >= (startOf.get(user) ?? from).getTime() && (only?.includes(user) ?? true);
  const byUser = Map.groupBy([...kept, ...onlyLogged].filter(isCounted), ({ user }) => user);
  const found = [...byUser.values()].slice(0, config.max_findings);
  const emails = await readEmails(
    context,
    found.map(([newest]) => newest!.user),
  );
  const keys = new Set([
    ...found.map(([newest]) => newest!.user),
    ...startOf.keys(),
    ...(only ?? []),
  ]);
  return {
    examined: only ? [...only] : { count: users.length, except: [] },
    findings: found.map((changes) => findingOf(changes, logged, emails)),
    figures: [
      { name: 'administrators', value: rows.length },
      { name: 'changes of roles', value: kept.length + onlyLogged.length },
    ],
    truncated: byUser.size > found.length || recent.length > kept.length,
    tallies: [...keys].map((key) => {
      const changes = byUser.get(key) ?? [];
      return {
        key,
        bad: changes.length,
        // A role that stays as it is leaves no trace.
        of: null,
        newestBadAt: changes[0] ? new Date(changes[0].at) : null,
      };
    }),
    remember: { roles, changes: kept } satisfies Memory,
  };
}

type Logged = Map<string, { by: string | null; action: string; at: string }>;

/** The newest change of the role of each of these users, according to the activity log. */
async function readLoggedChanges(
  { role_actions }: Config,
  { db, from, now }: EventContext,
  users: string[],
): Promise<Logged> {
  const { rows } = await sql<{ user: string; by: string | null; action: string; at: Date }>`
    SELECT DISTINCT ON (resource_id) resource_id AS "user", user_id AS by, action_type AS action, created_at AS at
    FROM user_activity_log
    WHERE created_at >= ${from} AND created_at <= ${now} AND action_type = ANY (${role_actions}::text[])
      AND resource_id = ANY (${users}::uuid[])
    ORDER BY resource_id, created_at DESC`.execute(db);
  return new Map(rows.map(({ user, at, ...row }) => [user, { ...row, at: at.toISOString() }]));
}

/** The masked e-mail addresses of users, by their ids. */
async function readEmails({ db }: EventContext, users: string[]): Promise<Map<string, string>> {
  const { rows } = await sql<{ id: string; email: string | null }>`
    SELECT id, ${maskedEmail(sql`u.id`)} AS email FROM unnest(${users}::uuid[]) AS u (id)`.execute(
    db,
  );
  return new Map(rows.flatMap(({ id, email }) => (email === null ? [] : [[id, email]])));
}

/** The newest change comes first. */
function findingOf(
  changes: Change[],
  logged: Logged,
  emails: ReadonlyMap<string, string>,
): ReportedFinding {
  const { user, to, at } = changes[0]!;
  const by = logged.get(user);
  return {
    severity: to === null ? 'medium' : 'high',
    category: 'roles',
    title: `Role of user ${userInWords(user, emails.get(user) ?? null)} changed: now ${to ?? 'no administrator'}`,
    description:
      (by
        ? `The activity log says that ${by.by ? `user ${by.by}` : 'the server'} did it (${by.action}).`
        : 'No row of user_activity_log says who did it.') +
      ' If no owner of the platform decided it, set the role back, end the sessions of both users, and look at what they did since. ' +
      'After its ticket is resolved, only a later change is a finding.',
    component: `user ${user}`,
    key: user,
    metadata: { user_id: user, seen_at: at, changes: changes.slice(0, 10), activity: by ?? null },
  };
}
