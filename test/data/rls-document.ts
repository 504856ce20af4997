/** docs/rls.md, from what rls-matrix.ts expects; `UPDATE_DOCS=1 npm test -- test/data/rls.test.ts` writes it. */
import { columns, commands, matrix, patterns, type Command } from './rls-matrix.ts';

const header = `# Who may do what

Row level security is on for every table of \`public\`; no user reaches rows that no policy
opens, or a table or column that no grant names. \`test/data/rls-matrix.ts\` holds these tables, written by
hand and never derived from the policies; \`test/data/rls.test.ts\` asks PostgreSQL each of the 1,152 cells
(36 tables, 4 commands, 8 identities), and that dropping any one policy or grant changes a cell.

| identity | who that is to the row in question |
|---|---|
| anon | not signed in |
| own | the user whom the row names; a row that names no user is no user's own |
| other user | signed in, and nothing else to the row |
| member | of the row's organization or support group |
| group admin | of the row's organization (role owner or admin, or its \`owner_id\`) or support group (role admin, or its \`created_by\`) |
| platform admin | \`profiles.role\` is \`admin\` |
| owner | \`profiles.role\` is \`owner\` |
| service_role | the server's own code |

A cell lists who may; everybody who is not listed may not. *all* is the eight of them, *admins* are
platform admin and owner. insert means a row that belongs to *own*: no user writes in another user's name,
except admins of an organization or group who add a member.
The engine and the commands connect as the owner of the tables and are bound by no policy. Checks read as
\`roundsman_reader\`, which sees all rows (policy \`Checks read\`) and is given no right to write, in sessions that begin
read-only; of \`engine.secrets\` it sees names and times alone. That stops accidents and not malice. A check that leaves its read-only transaction can do what PUBLIC may:

- CREATE on a schema (\`public\`, in every database born before PostgreSQL 15), rights to write a table, a column or a
  sequence, and EXECUTE on volatile functions that are SECURITY DEFINER. \`doctor\` names each, with its REVOKE.
- Large objects (\`lo_create\`, \`lo_from_bytea\`; on PostgreSQL 15 even in a read-only transaction), temporary tables and
  notifications. Every database gives these to PUBLIC, and a role cannot be excepted: \`REVOKE EXECUTE ON FUNCTION
  lo_create(oid) FROM PUBLIC\` takes them from the platform's own roles too, so Roundsman leaves them and \`doctor\` is silent.

The same right is a danger to the login itself: a role that may make functions in \`public\` or \`extensions\`, where the login looks names up, can
make one that fits a call better than PostgreSQL's own, and it runs with the login's rights. \`doctor\` names each role that holds it.

`;

const tail = `
Users are \`anon\` and \`authenticated\`; no grant gives them TRUNCATE, REFERENCES or TRIGGER, a sequence,
or a schema but \`public\`. \`service_role\` reads and writes the rows of all tables, except that no role
changes or deletes those of \`credits\`; it has no TRUNCATE, REFERENCES or TRIGGER either, and sets no
sequence: a trigger of its own could forge a balance, TRUNCATE would take open tickets along. The nine
tables that the engine adds (\`bot_finding_states\`, \`bot_ticket_events\`, \`bot_knowledge_autonomy\`,
\`bot_knowledge_events\`, \`bot_decisions\`, \`bot_silences\`, \`bot_maintenance\`, \`bot_notifications\`, \`bot_metrics\`) are admin
only: admins read, service_role writes.

\`get_user_credits(uuid)\` runs as its caller: a user gets their own balance and 0 for every other user, an
admin that of any user. (Where only the bots are installed, a function of the platform says who is an admin:
[schema.md](schema.md#beside-a-platform-of-another-schema).) Policies call \`private.is_admin()\` and similar functions; the schema
\`private\` is open to none of these roles. \`bots_now()\`, \`finding_is_suppressed(uuid)\` and \`finding_is_broken(uuid)\` are what reads of
the bot tables call, so that they name nothing of schema \`engine\`: the engine's clock, whether a finding that
the caller sees stands behind an open one, and whether the storm of its bot stands for it.
Every function names its \`search_path\`, with \`pg_temp\` last: a caller's temporary types never take the place of others.
Tables that are made later in \`public\` by the role that migrated start with nothing for users, and with
their rows for \`service_role\`.
`;

function who(table: string, command: Command): string {
  const allowed = matrix.filter((c) => c.table === table && c.command === command && c.allowed);
  if (allowed.length === 8) return 'all';
  const names = allowed.map(({ identity }) => identity).join(', ');
  return names.replace('platform admin, owner', 'admins') || 'none';
}

const line = (...values: string[]) => `| ${values.join(' | ')} |\n`;

export function rlsDocument(): string {
  const tables = Object.entries(patterns);
  const limited = Object.entries(columns).flatMap(([table, limits]) =>
    Object.entries(limits).map(([command, names]) => ({ table, command, names })),
  );
  return [
    header,
    line('table', ...commands),
    '|---|---|---|---|---|\n',
    ...tables.map(([table]) => line(`\`${table}\``, ...commands.map((c) => who(table, c)))),
    '\n## Which columns\n\nWhere users may not name every column, these are the ones they may.\n\n',
    line('table', 'command', 'columns'),
    '|---|---|---|\n',
    ...limited.map(({ table, command, names }) =>
      line(`\`${table}\``, command, names.map((name) => `\`${name}\``).join(', ')),
    ),
    '\n## Which pattern, and why\n\n',
    line('table', 'pattern', 'why'),
    '|---|---|---|\n',
    ...tables.map(([table, [pattern, why]]) => line(`\`${table}\``, pattern, why)),
    tail,
  ].join('');
}
