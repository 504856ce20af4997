import type { Fault } from './fault.ts';
import { plantBySql } from '../plant-by-sql.ts';

const letChecksRead = 'SELECT engine.let_checks_read()';

export const sentinelDbFaults: Fault[] = [
  {
    name: 'sentinel-db.sequences',
    title: 'A sequence has used 99 % of the values that fit into its integer column',
    plant: plantBySql(
      'CREATE TABLE public.planted_orders (id integer GENERATED ALWAYS AS IDENTITY)',
      "SELECT setval('public.planted_orders_id_seq', 2130000000)",
      letChecksRead,
    ),
    lookalike: plantBySql(
      'CREATE TABLE public.planted_events (id bigint GENERATED ALWAYS AS IDENTITY)',
      "SELECT setval('public.planted_events_id_seq', 2130000000)",
      'CREATE SEQUENCE public.planted_turns AS integer CYCLE',
      "SELECT setval('public.planted_turns', 2147483647)",
      letChecksRead,
    ),
  },
  {
    name: 'sentinel-db.duplicate-indexes',
    title: 'An index repeats the index of a unique constraint',
    plant: plantBySql(
      'CREATE TABLE public.planted_accounts (email text UNIQUE)',
      'CREATE INDEX planted_accounts_again ON public.planted_accounts (email)',
    ),
    lookalike: plantBySql(
      'CREATE TABLE public.planted_names (name text UNIQUE)',
      'CREATE INDEX planted_names_lower ON public.planted_names (lower(name))',
      'CREATE INDEX planted_names_pattern ON public.planted_names (name text_pattern_ops)',
    ),
  },
  {
    name: 'sentinel-db.disabled-triggers',
    title: 'A trigger and a foreign key were disabled, and not enabled again',
    plant: plantBySql(
      'CREATE TABLE public.planted_parents (id integer PRIMARY KEY)',
      'CREATE TABLE public.planted_children (parent integer REFERENCES public.planted_parents)',
      'ALTER TABLE public.planted_children DISABLE TRIGGER ALL',
    ),
    lookalike: plantBySql(
      'CREATE TABLE public.planted_copies (id integer)',
      'CREATE TRIGGER planted BEFORE UPDATE ON public.planted_copies FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
      'ALTER TABLE public.planted_copies ENABLE REPLICA TRIGGER planted',
    ),
  },
  {
    name: 'sentinel-db.backups',
    title: 'The copy that was restored from the newest backup was not equal',
    plant: plantBySql(backupOf('5 minutes', { error: 'rows of public.profiles differ' })),
    lookalike: plantBySql(
      // A proof that failed two days ago is over: a later one has succeeded.
      backupOf('2 days', { error: 'a disk is full' }),
      backupOf('20 hours', { proven: true }),
      // One that was made by hand, without a proof.
      backupOf('1 hour', {}),
    ),
  },
];

/** SQL: a row of a backup that succeeded so long ago. */
function backupOf(age: string, { proven, error }: { proven?: true; error?: string }): string {
  const at = `engine.now() - interval '${age}'`;
  return `INSERT INTO engine.backups (outcome, target, folder, file_name, host, encrypted, requested_by, server_version, bytes, sha256, tables,
      rows, left_out, began_at, taken_at, ended_at, proven_at, proof_failed_at, proof_error)
    VALUES ('success', 'folder', '/var/backups', 'planted.tar.zst', 'planted', false, 'roundsman', '18.4', 1, repeat('0', 64), 1, 1, 0,
      ${at}, ${at}, ${at}, ${proven ? at : 'NULL'}, ${error ? `${at}, '${error}'` : 'NULL, NULL'})`;
}
