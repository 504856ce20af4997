/** Indexes of pending migrations on large tables are built while users write. */
import { sql, type Kysely } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { buildIndexes, builtBefore } from '../../src/database/migrate/build-indexes.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { connect } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';

const index = 'idx_api_logs_401';

/** A database before va_87, whose api_logs the server takes for large. */
async function before(): Promise<{ db: Kysely<any>; url: string }> {
  const { db, url } = await testDatabase();
  await sql`DROP INDEX ${sql.id(index)}`.execute(db);
  await sql`
    DROP TABLE engine.error_facets, engine.error_counts, engine.error_templates, engine.error_groups, engine.grouped_errors, engine.error_cursor, engine.remote_reports, engine.backups, engine.listeners, engine.index_sizes, engine.removed_heals, engine.definitions;
    ALTER TABLE engine.job_runs DROP COLUMN requested_by, DROP COLUMN cancel_requested_by;
    ALTER TABLE bot_maintenance DROP COLUMN severities;
    ALTER TABLE engine.rollup_marks DROP COLUMN removed_until, DROP COLUMN cleared_until;
    ALTER TABLE engine.nodes DROP COLUMN bots, DROP COLUMN remedies, DROP COLUMN refused;
    DROP INDEX idx_findings_resolved, idx_decisions_decided, idx_metrics_day, idx_api_logs_age, idx_page_views_age, idx_error_logs_age, idx_activity_age;
    DROP TRIGGER definitions_added ON bots; DROP TRIGGER definitions_named ON bots; DROP TRIGGER definitions_changed ON bots; DROP TRIGGER definitions_deleted ON bots;
    DROP TRIGGER definitions_added ON bot_knowledge; DROP TRIGGER definitions_named ON bot_knowledge; DROP TRIGGER definitions_changed ON bot_knowledge; DROP TRIGGER definitions_deleted ON bot_knowledge;
    DROP TRIGGER definitions_added ON bot_silences; DROP TRIGGER definitions_named ON bot_silences; DROP TRIGGER definitions_changed ON bot_silences; DROP TRIGGER definitions_deleted ON bot_silences;
    DROP TRIGGER setting_added ON engine.settings; DROP TRIGGER setting_changed ON engine.settings; DROP TRIGGER setting_deleted ON engine.settings;
    DROP TRIGGER policy_added ON engine.policies;
    DROP TABLE engine.definition_changes;
    DROP FUNCTION engine.without_credentials(jsonb), engine.change_context, engine.write_definition_change, engine.definitions_named, engine.definitions_changed, engine.definitions_added,
      engine.is_definition, engine.setting_changed, engine.write_value_change, engine.policy_added;
    ALTER TABLE bot_knowledge_events DROP COLUMN version, DROP COLUMN source, DROP COLUMN place;
    DROP FUNCTION engine.let_login_work(regrole);
    DROP FUNCTION engine.receive(jsonb);
    DROP TABLE engine.inbox, engine.sources;
    DROP INDEX idx_bots_source;
    DROP INDEX idx_findings_error_group;
    DROP INDEX idx_executions_unsuccessful;
    ALTER TABLE error_logs DROP COLUMN xact_id;
    DELETE FROM engine.kysely_migration WHERE name >= 'va_87'`.execute(db);
  await sql`UPDATE pg_class SET relpages = 100000 WHERE oid = 'api_logs'::regclass`.execute(db);
  return { db, url };
}

async function stateOf(db: Kysely<any>, name = index) {
  const { rows } = await sql<{ valid: boolean; comment: string | null }>`
    SELECT indisvalid AS valid, obj_description(indexrelid, 'pg_class') AS comment
    FROM pg_index WHERE indexrelid = to_regclass(${name})`.execute(db);
  return rows[0];
}

const built = { valid: true, comment: builtBefore };

test('a large table gets its index before the migration locks it', async () => {
  const { db, url } = await before();
  // A session that keeps another table keeps the migration waiting, and not the index.
  const user = connect(url, { max: 1 });
  onTestFinished(() => user.destroy());
  const other = connect(url, { max: 1 });
  onTestFinished(() => other.destroy());
  let migrated: Promise<string[]> | undefined;
  await user.transaction().execute(async (trx) => {
    await sql`LOCK TABLE tools_catalog IN ACCESS SHARE MODE`.execute(trx);
    migrated = migrateToLatest(db);
    await expect.poll(() => stateOf(other), { timeout: 10_000 }).toEqual(built);
  });
  expect(await migrated).toContain('va_87_api_logs_401');
  expect(await stateOf(db)).toEqual(built);
});

test('a migration that was broken off afterwards finds its own index, and does not call the name taken', async () => {
  const { db } = await before();
  const statement = `CREATE INDEX IF NOT EXISTS ${index} ON api_logs (created_at) WHERE status_code = 401;`;
  expect(await buildIndexes(db, [{ name: 'va_87_api_logs_401', text: statement }])).toEqual([
    index,
  ]);
  expect(await stateOf(db)).toEqual(built);
  expect(await migrateToLatest(db)).toContain('va_87_api_logs_401');
});

test('what an earlier try has left half built is built anew; what cannot be built beforehand is left to the migration', async () => {
  const { db } = await before();
  await sql`CREATE INDEX ${sql.id(index)} ON api_logs (created_at)`.execute(db);
  await sql`UPDATE pg_index SET indisvalid = false WHERE indexrelid = to_regclass(${index})`.execute(
    db,
  );
  const text = [
    `CREATE INDEX IF NOT EXISTS ${index} ON api_logs (created_at) WHERE status_code = 401;`,
    'CREATE INDEX IF NOT EXISTS idx_later ON api_logs (a_column_to_come);',
    'CREATE INDEX IF NOT EXISTS idx_small ON tools_catalog (id);',
  ].join('\n');
  expect(await buildIndexes(db, [{ name: 'x', text }])).toEqual([index]);
  expect(await stateOf(db)).toEqual(built);
  expect(await stateOf(db, 'idx_later')).toBeUndefined();
  expect(await stateOf(db, 'idx_small')).toBeUndefined();
});

test('two processes that build at once both succeed', async () => {
  const { db, url } = await before();
  const other = connect(url, { max: 1 });
  onTestFinished(() => other.destroy());
  const all = await Promise.all([migrateToLatest(db), migrateToLatest(other)]);
  expect(all.flat()).toContain('va_87_api_logs_401');
  expect(await stateOf(db)).toEqual(built);
});
