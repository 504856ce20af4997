/** Roles and settings that the migrations make, or that would change what they mean. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';

export const category = 'schema';

interface Setting {
  /** whose it is */
  of: string;
  /** `name=value` */
  setting: string;
}

/** With these set for the database or the login, triggers do not fire, policies do not apply, or nothing can be written. */
const harmful = [
  'session_replication_role=(replica|local)',
  'row_security=off',
  'default_transaction_read_only=(on|true|yes|1)',
];

/** The role with which checks read has no settings and no rights of its own. */
export async function findChangedSettings(_: unknown, { db }: CheckContext): Promise<CheckResult> {
  const { rows: settings } = await sql<Setting>`
    SELECT CASE WHEN s.setrole = 0 THEN 'database ' || current_database() ELSE 'role ' || r.rolname END AS of, setting
    FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole
      CROSS JOIN unnest(s.setconfig) setting
    WHERE (s.setdatabase = 0 OR d.datname = current_database())
      AND (r.rolname = 'roundsman_reader'
           OR (s.setrole = 0 OR r.rolname IN (session_user, 'service_role')) AND setting ~* ${`^(${harmful.join('|')})$`})
    ORDER BY 1, 2 LIMIT 50`.execute(db);
  const { rows: rights } = await sql<{ right: string }>`
    SELECT unnest(array_remove(ARRAY[CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcanlogin THEN 'LOGIN' END,
      CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
      CASE WHEN rolreplication THEN 'REPLICATION' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END], NULL)) AS "right"
    FROM pg_roles WHERE rolname = 'roundsman_reader'`.execute(db);
  const findings: ReportedFinding[] = [
    ...settings.map(({ of, setting }): ReportedFinding => ({
      severity: of === 'role roundsman_reader' ? 'low' : 'high',
      category,
      title: `Changed setting of ${of}: ${setting}`,
      description: 'No migration makes this setting.',
      component: of,
      key: `${of}: ${setting.split('=')[0]}`,
      metadata: { setting },
    })),
    ...rights.map(({ right }): ReportedFinding => ({
      severity: 'medium',
      category,
      title: `Changed setting of role roundsman_reader: it has ${right}`,
      description: 'Migrations make this role, with which checks read, without that right.',
      component: 'role roundsman_reader',
      key: `role roundsman_reader: ${right}`,
    })),
  ];
  return {
    examined: { count: findings.length, except: [] },
    findings,
    figures: [
      { name: 'settings that no migration sets', value: settings.length },
      { name: 'unexpected rights of the role of checks', value: rights.length },
    ],
  };
}
