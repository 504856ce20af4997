import type { Fault } from './fault.ts';
import { plantBySql } from './plant-by-sql.ts';

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
];
