/**
 * Who may do what: 36 tables x 4 commands x 8 identities, written by hand. Nothing here is derived from
 * the policies; test/data/rls.test.ts asks PostgreSQL each cell, docs/rls.md shows them.
 *
 * An identity is what a user is to the row under test:
 *
 *   a  anon            not signed in
 *   o  own             the user whom the row names in user_id, owner_id or created_by; for profiles the
 *                      user of that id, for space_visits the user of the avatar. A row that names
 *                      no user (bots, catalogues) is no user's own: then like x
 *   x  other user      signed in, and nothing else to the row
 *   m  member          of the row's organization or support group; where there is none, like x
 *   g  group admin     an organization's member with the role owner or admin, a group's with the role
 *                      admin; where there is none, like x
 *   p  platform admin  profiles.role is admin, and x otherwise
 *   w  owner           profiles.role is owner, and x otherwise
 *   s  service_role    the server's own code
 *
 * Each is asked by a letter in its place, `-` is no. select, update, delete: the row is seen, changed,
 * gone, or it is not (whether by "permission denied" or by zero rows). insert: a row that belongs to
 * `own`, whoever writes it; so x stands for writing in somebody else's name. An organization or group
 * that is being founded has no members yet. The row under test is an active app, a public space, a
 * private group and its member, an unverified responder; rls-user.test.ts tries the others.
 */
const letters = 'aoxmgpws';

export const identities = [
  'anon',
  'own',
  'other user',
  'member',
  'group admin',
  'platform admin',
  'owner',
  'service_role',
] as const;
export type Identity = (typeof identities)[number];

export const commands = ['select', 'insert', 'update', 'delete'] as const;
export type Command = (typeof commands)[number];

const written = `
                      select    insert    update    delete
profiles              -o---pws  -------s  -o-----s  -------s
organizations         -o-mgpws  -o-----s  -o--g--s  -------s
organization_members  -o-mgpws  ----g--s  ----g--s  -o--g--s
user_sessions         -o-----s  -------s  -------s  -o-----s
user_activity_log     -o---pws  -------s  -------s  -------s
credits               -o---pws  -------s  --------  --------
transactions          -o---pws  -------s  -------s  -------s
subscriptions         -o---pws  -------s  -------s  -------s
app_catalog           aoxmgpws  -----pws  -----pws  ------ws
app_usage             -o---pws  -o-----s  -------s  -------s
tools_catalog         aoxmgpws  -----pws  -----pws  ------ws
tools_usage           -o---pws  -o-----s  -------s  -------s
tools_results         -o-----s  -o-----s  -------s  -o-----s
api_logs              -----pws  -------s  -------s  -------s
page_views            -----pws  -------s  -------s  -------s
error_logs            -----pws  -------s  -------s  -------s
bots                  -----pws  -------s  -------s  -------s
bot_executions        -----pws  -------s  -------s  -------s
bot_findings          -----pws  -------s  -------s  -------s
bot_actions           -----pws  -------s  -------s  -------s
bot_tickets           -----pws  -------s  -------s  -------s
bot_knowledge         -----pws  -------s  -------s  -------s
javari_projects       -o-----s  -o-----s  -o-----s  -o-----s
javari_conversations  -o-----s  -o-----s  -o-----s  -o-----s
javari_credentials    -o-----s  -------s  -------s  -o-----s
javari_learning       -o---pws  -------s  -------s  -------s
javari_usage_stats    -o---pws  -------s  -------s  -------s
games_catalog         aoxmgpws  -----pws  -----pws  ------ws
game_sessions         -o---pws  -o-----s  -o-----s  -------s
game_leaderboards     aoxmgpws  -------s  -------s  -------s
avatars               -o-----s  -o-----s  -o-----s  -o-----s
virtual_spaces        aoxmgpws  -o-----s  -o-----s  -o-----s
space_visits          -o-----s  -o-----s  -o-----s  -------s
first_responders      -o---pws  -o-----s  -o---pws  -o-----s
support_groups        -o-mgpws  -o-----s  -o--g--s  -o-----s
group_members         -o-mgpws  ----g--s  ----g--s  -o--g--s
`;

export interface Cell {
  table: string;
  command: Command;
  identity: Identity;
  allowed: boolean;
}

function cellsOf(line: string): Cell[] {
  const [table = '', ...columns] = line.split(/ +/);
  return commands.flatMap((command, column) =>
    identities.map((identity, place) => {
      const letter = columns[column]?.[place];
      if (columns[column]?.length !== letters.length || !['-', letters[place]].includes(letter))
        throw new Error(`${table}: ${command}, ${identity}: "${letter}" stands in the wrong place`);
      return { table, command, identity, allowed: letter !== '-' };
    }),
  );
}

export const matrix: Cell[] = written.trim().split('\n').slice(1).flatMap(cellsOf);

/** What the engine adds to `public`: admins read, service_role writes. Beside the 1,152 cells. */
export const engineTables = [
  'bot_finding_states',
  'bot_ticket_events',
  'bot_knowledge_autonomy',
  'bot_knowledge_events',
  'bot_decisions',
  'bot_silences',
  'bot_maintenance',
  'bot_notifications',
  'bot_metrics',
];
export const engineMatrix: Cell[] = engineTables.flatMap((table) =>
  cellsOf(`${table} -----pws -------s -------s -------s`),
);

/** The only columns that users can name in a command; a table or command without an entry: every one. */
export const columns: Record<string, Partial<Record<Command, string[]>>> = {
  profiles: { update: ['display_name', 'avatar_url'] },
  organizations: { insert: ['name', 'owner_id'], update: ['name'] },
  organization_members: { insert: ['organization_id', 'user_id', 'role'], update: ['role'] },
  user_sessions: {
    select: ['id', 'user_id', 'ip_address', 'user_agent', 'expires_at', 'created_at'],
  },
  app_usage: {
    insert: ['user_id', 'app_id', 'credits_used', 'execution_time_ms', 'success', 'error_message'],
  },
  tools_usage: { insert: ['user_id', 'tool_id', 'credits_used'] },
  tools_results: { insert: ['user_id', 'tool_id', 'input_data', 'output_data', 'output_url'] },
  javari_projects: {
    insert: ['user_id', 'name', 'description', 'parent_project_id', 'status', 'metadata'],
    update: ['name', 'description', 'parent_project_id', 'status', 'metadata'],
  },
  javari_conversations: {
    insert: ['user_id', 'project_id', 'provider', 'model', 'messages'],
    update: ['project_id', 'messages'],
  },
  javari_credentials: {
    select: ['id', 'user_id', 'service', 'created_at', 'updated_at', 'last_used_at'],
  },
  games_catalog: {
    insert: [
      'slug',
      'name',
      'description',
      'category',
      'thumbnail_url',
      'is_premium',
      'credit_cost',
    ],
    update: [
      'slug',
      'name',
      'description',
      'category',
      'thumbnail_url',
      'is_premium',
      'credit_cost',
    ],
  },
  game_sessions: {
    insert: ['user_id', 'game_id', 'started_at'],
    update: ['ended_at', 'duration_seconds', 'score', 'completed'],
  },
  avatars: {
    insert: ['user_id', 'name', 'appearance', 'is_active'],
    update: ['name', 'appearance', 'is_active'],
  },
  virtual_spaces: {
    insert: ['name', 'type', 'capacity', 'owner_id', 'is_public', 'coordinates', 'metadata'],
    update: ['name', 'type', 'capacity', 'is_public', 'coordinates', 'metadata'],
  },
  space_visits: {
    insert: ['avatar_id', 'space_id', 'entered_at'],
    update: ['exited_at', 'duration_seconds'],
  },
  first_responders: {
    insert: ['user_id', 'role', 'agency', 'verification_doc_url'],
    update: ['role', 'agency', 'verified', 'verification_doc_url'],
  },
  support_groups: {
    insert: ['name', 'module', 'is_private', 'created_by'],
    update: ['name', 'module', 'is_private'],
  },
  group_members: { insert: ['group_id', 'user_id', 'role'], update: ['role'] },
};

export type Pattern = 'own rows' | 'admin only' | 'public read';

/** Which of the document's three patterns a table follows, and why so. */
export const patterns: Record<string, [pattern: Pattern, why: string]> = {
  profiles: [
    'own rows',
    "as documented; role, credits and subscription_* are not the user's to set",
  ],
  organizations: [
    'own rows',
    'read by its members; plan, pool and limit are paid for, and deleting would take the pool along',
  ],
  organization_members: [
    'own rows',
    "its admins choose members, the one place where a user writes another's id; no user makes, changes or removes a member whose role is owner",
  ],
  user_sessions: ['own rows', "a user sees where and ends a session; the token is the server's"],
  user_activity_log: ['own rows', 'read only: a trail that its subject can write proves nothing'],
  credits: ['own rows', 'read only; append-only for every role, service_role too'],
  transactions: ['own rows', "read only: the provider's events write them"],
  subscriptions: ['own rows', "read only: the provider's events write them"],
  app_catalog: [
    'public read',
    "active apps, as documented; admins see and write all, deleting takes usage along and is the owner's",
  ],
  app_usage: ['own rows', "users track their own, as documented, but in no other user's name"],
  tools_catalog: ['public read', 'as the app that it belongs to'],
  tools_usage: ['own rows', 'as app_usage'],
  tools_results: ['own rows', 'content: not for admins; a result does not change'],
  api_logs: ['admin only', 'what the server saw, addresses included'],
  page_views: ['admin only', 'what the server saw, addresses included'],
  error_logs: ['admin only', 'what the server saw, stack traces included'],
  bots: ['admin only', 'read; the engine and its commands write'],
  bot_executions: ['admin only', 'as documented; the engine writes'],
  bot_findings: ['admin only', 'read; the engine writes'],
  bot_actions: ['admin only', 'read; the engine writes'],
  bot_tickets: ['admin only', 'read; the engine and its commands write'],
  bot_knowledge: ['admin only', 'read; the engine and its commands write'],
  javari_projects: ['own rows', 'content: not for admins'],
  javari_conversations: [
    'own rows',
    "content: not for admins; response, tokens and cost are the server's, the project has to be the user's",
  ],
  javari_credentials: [
    'own rows',
    'a user sees that there is one, and revokes it; only the server seals and opens',
  ],
  javari_learning: ['own rows', 'read only: measured by the server'],
  javari_usage_stats: ['own rows', 'read only: measured by the server'],
  games_catalog: ['public read', 'as app_catalog, whole; rating and play_count are counted'],
  game_sessions: ['own rows', "a session's score is the player's own claim, and decides no rank"],
  game_leaderboards: ['public read', 'a score that counts comes from the server'],
  avatars: ['own rows', 'names its user, whom no other user needs to know'],
  virtual_spaces: ['public read', "what is_public says; authenticated write of one's own"],
  space_visits: ['own rows', "of one's own avatars, in spaces that one sees"],
  first_responders: [
    'own rows',
    'admins verify; what is verified its user can no longer change, only withdraw',
  ],
  support_groups: [
    'own rows',
    "read by its members, or by every user where it is not private; the limit is the platform's",
  ],
  group_members: [
    'own rows',
    'group admins add to theirs, users join what is not private, everybody may leave',
  ],
};
