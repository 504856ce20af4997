import type { Fault } from './fault.ts';
import { plantBySql } from '../plant-by-sql.ts';

/** The statement `breaking` breaks what the migrations made; the statement `own` adds something of the platform's own. */
const fault = (name: string, title: string, breaking: string, own: string): Fault => ({
  name: `surveyor.${name}`,
  title,
  plant: plantBySql(breaking),
  lookalike: plantBySql(own),
});

/** SQL: this statement, in which `%I` stands for the name of the database. */
const inThisDatabase = (statement: string) =>
  `DO $$ BEGIN EXECUTE format($f$${statement}$f$, current_database()); END $$`;

export const surveyorFaults: Fault[] = [
  fault(
    'tables.row-security',
    'Row level security of the findings was switched off',
    'ALTER TABLE public.bot_findings DISABLE ROW LEVEL SECURITY',
    'CREATE TABLE public.planted_notes (id integer, note text NOT NULL)',
  ),
  fault(
    'columns',
    'The type of a column of api_logs was changed',
    'ALTER TABLE public.api_logs ALTER COLUMN method TYPE text',
    'ALTER TABLE public.profiles ADD COLUMN planted_nickname text',
  ),
  fault(
    'keys',
    'A check constraint of the uses of apps was dropped',
    'ALTER TABLE public.app_usage DROP CONSTRAINT app_usage_credits_used_check',
    'ALTER TABLE public.profiles ADD CONSTRAINT planted_short_name CHECK (length(display_name) < 10000)',
  ),
  fault(
    'indexes',
    'An index of the bots was dropped',
    'DROP INDEX public.idx_bots_status',
    'CREATE INDEX planted_bots_description ON public.bots (description)',
  ),
  fault(
    'policies',
    'A policy lets all users read and change all profiles',
    'CREATE POLICY planted_open ON public.profiles USING (true)',
    'CREATE POLICY planted_narrow ON public.profiles AS RESTRICTIVE USING (true)',
  ),
  fault(
    'triggers',
    'A trigger of the bots was dropped',
    'DROP TRIGGER bot_added ON public.bots',
    'CREATE TRIGGER planted_touch BEFORE UPDATE ON public.profiles FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
  ),
  fault(
    'functions',
    'A function of the engine searches another schema first',
    'ALTER FUNCTION engine.bot_added() SET search_path = public',
    "CREATE FUNCTION public.planted_total() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
  ),
  fault(
    'settings',
    'The role with which checks read has a setting of its own',
    inThisDatabase("ALTER ROLE roundsman_reader IN DATABASE %I SET work_mem = '64MB'"),
    // What speeds up all sessions of the database is its owner's to decide.
    inThisDatabase("ALTER DATABASE %I SET work_mem = '16MB'"),
  ),
];
