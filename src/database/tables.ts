// Written by `npm run types` from the migrated database; do not edit.
import type { ColumnType, GeneratedAlways, SelectType } from 'kysely';

export type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U>
    ? ColumnType<S, I | undefined, U>
    : ColumnType<T, T | undefined, T>;

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | JsonValue[]
  | { [key: string]: JsonValue };
/** What pg sends as JSON: JSON text, or an object. A list would go out as an array of PostgreSQL: stringify it. */
export type JsonInput = string | number | boolean | { [key: string]: JsonValue };
/** Without null: a JSONB column that is NOT NULL has to be given. Comes back as a value. */
export type Json = ColumnType<JsonValue, JsonInput, JsonInput>;

export type Timestamp = ColumnType<Date, Date | string>;
/** as text: a number would lose digits */
export type Int8 = ColumnType<string, string | number | bigint>;
export type Numeric = ColumnType<string, string | number>;

export interface ApiLogs {
  id: Generated<string>;
  user_id: string | null;
  endpoint: string;
  method: string;
  status_code: number;
  response_time_ms: number | null;
  ip_address: string | null;
  created_at: Generated<Timestamp | null>;
}

export interface AppCatalog {
  id: Generated<string>;
  slug: string;
  name: string;
  description: string | null;
  category: string;
  icon_url: string | null;
  credit_cost: number;
  status: Generated<'active' | 'beta' | 'maintenance' | 'deprecated' | null>;
  deployment_url: string | null;
  repository_url: string | null;
  created_at: Generated<Timestamp | null>;
  updated_at: Generated<Timestamp | null>;
}

export interface AppUsage {
  id: Generated<string>;
  user_id: string | null;
  app_id: string | null;
  credits_used: number;
  execution_time_ms: number | null;
  success: boolean;
  error_message: string | null;
  created_at: Generated<Timestamp | null>;
}

export interface Avatars {
  id: Generated<string>;
  user_id: string | null;
  name: string;
  appearance: Json;
  is_active: Generated<boolean | null>;
  created_at: Generated<Timestamp | null>;
  updated_at: Generated<Timestamp | null>;
}

export interface BotActions {
  id: Generated<string>;
  bot_id: string | null;
  finding_id: string | null;
  action_type: string;
  action_description: string;
  success: boolean;
  error_message: string | null;
  taken_at: Generated<Timestamp | null>;
  metadata: Json | null;
  heal_id: string;
  state:
    | 'intent'
    | 'applied'
    | 'verified'
    | 'held'
    | 'relapsed'
    | 'failed'
    | 'unknown'
    | 'undone'
    | 'aborted'
    | 'undecided';
  execution_id: string | null;
  knowledge_id: string | null;
  fingerprint: string;
  component: string | null;
  category: string | null;
  accruing: Generated<boolean>;
  remedy: string;
  risk: 'safe' | 'reversible' | 'irreversible';
  step: Generated<number>;
  idempotency_key: string;
  applied_at: Timestamp | null;
  verify_after: Timestamp | null;
  hold_until: Timestamp | null;
  settled_at: Timestamp | null;
  evidence: Generated<Json>;
  undo_requested_at: Timestamp | null;
  undo_requested_by: string | null;
  judge_within: number | null;
  ask_after: Timestamp | null;
  verified_at: Timestamp | null;
}

export interface BotDecisions {
  id: GeneratedAlways<SelectType<Int8>>;
  bot_id: string;
  finding_id: string | null;
  knowledge_id: string | null;
  execution_id: string | null;
  fingerprint: string;
  component: string | null;
  category: string | null;
  verdict: 'applied' | 'suggested' | 'shadowed' | 'blocked' | 'held_out';
  gate: string | null;
  figures: Generated<Json>;
  answer: 'approved' | 'rejected' | null;
  answered_by: string | null;
  answered_at: Timestamp | null;
  outcome: 'pending' | 'recovered' | 'persisted' | 'touched' | 'undecided' | null;
  hold_until: Timestamp | null;
  settled_at: Timestamp | null;
  decided_at: Generated<Timestamp>;
  tally: Json | null;
  clean_at: Timestamp | null;
}

export interface BotExecutions {
  id: Generated<string>;
  bot_id: string | null;
  status: 'queued' | 'running' | 'success' | 'failed' | 'timeout' | 'cancelled' | 'skipped';
  started_at: Timestamp;
  completed_at: Timestamp | null;
  execution_time_ms: number | null;
  checks_performed: Generated<number | null>;
  issues_found: Generated<number | null>;
  actions_taken: Generated<number | null>;
  error_message: string | null;
  metadata: Json | null;
  created_at: Generated<Timestamp | null>;
  scheduled_for: Timestamp | null;
  trigger: Generated<'schedule' | 'manual' | 'backfill' | 'verify' | 'external' | 'event'>;
  generation: Generated<number>;
  attempt: Generated<number>;
  max_attempts: Generated<number>;
  fence: Int8 | null;
  lease_until: Timestamp | null;
  worker: string | null;
  queued_at: Generated<Timestamp>;
  run_after: Timestamp | null;
  cancel_requested_at: Timestamp | null;
  cancel_reason: string | null;
  reason: string | null;
}

export interface BotFindingStates {
  fingerprint: string;
  bot_id: string;
  check_name: string;
  component_key: string;
  states: Generated<boolean[]>;
  failures_in_row: Generated<number>;
  clean_in_row: Generated<number>;
  flapping_since: Timestamp | null;
  watched: Generated<boolean>;
  last_clean_at: Timestamp | null;
  last_fence: Int8;
  last_execution_id: string | null;
  tally: Json | null;
  cutoff_at: Timestamp | null;
  tally_before: Json | null;
}

export interface BotFindings {
  id: Generated<string>;
  bot_id: string | null;
  execution_id: string | null;
  severity: 'critical' | 'high' | 'medium' | 'low' | 'info';
  category: string;
  title: string;
  description: string | null;
  affected_component: string | null;
  detected_at: Generated<Timestamp | null>;
  resolved_at: Timestamp | null;
  resolution_method: 'auto-fixed' | 'manual' | 'escalated' | 'cleared' | 'unreported' | null;
  metadata: Json | null;
  check_name: string;
  component_key: string;
  fingerprint: string;
  occurrences: Generated<number>;
  last_seen_at: Generated<Timestamp>;
  last_execution_id: string | null;
  last_fence: Int8 | null;
  suppressed_by: string | null;
  unexamined_since: Timestamp | null;
}

export interface BotKnowledge {
  id: Generated<string>;
  category: string;
  issue_pattern: string;
  solution: string;
  success_rate: Generated<Numeric | null>;
  times_applied: Generated<number | null>;
  times_successful: Generated<number | null>;
  last_used_at: Timestamp | null;
  created_at: Generated<Timestamp | null>;
  updated_at: Generated<Timestamp | null>;
  name: string;
  enabled: Generated<boolean>;
  autonomy: Generated<'shadow' | 'suggest' | 'auto'>;
  half_life_days: Generated<number>;
  unjudged: Generated<boolean>;
  aftermath: Json | null;
  judged_at: Timestamp | null;
  removed_at: Timestamp | null;
  catalogue_name: string | null;
}

export interface BotKnowledgeAutonomy {
  knowledge_id: string;
  component: string;
  autonomy: 'shadow' | 'suggest' | 'auto';
  changed_at: Generated<Timestamp>;
}

export interface BotKnowledgeEvents {
  id: GeneratedAlways<SelectType<Int8>>;
  knowledge_id: string;
  event: string;
  component: string | null;
  before: Json | null;
  after: Json | null;
  figures: Generated<Json>;
  actor: string;
  created_at: Generated<Timestamp>;
  version: number | null;
  source: string | null;
  place: string | null;
}

export interface BotMaintenance {
  id: Generated<string>;
  bot_ids: string[] | null;
  components: string[] | null;
  categories: string[] | null;
  skip_runs: Generated<boolean>;
  owner: string;
  reason: string;
  schedule_cron: string | null;
  duration_seconds: number | null;
  timezone: Generated<string>;
  occurrences: string;
  planned_until: Timestamp | null;
  clocks_until: Generated<Timestamp>;
  cut_at: Timestamp | null;
  cut_by: string | null;
  ended_at: Timestamp | null;
  ended_by: string | null;
  created_at: Generated<Timestamp>;
  severities: string[] | null;
}

export interface BotMetrics {
  bot_id: string;
  day: string;
  runs: Generated<number>;
  successful_runs: Generated<number>;
  failed_runs: Generated<number>;
  findings: Generated<number>;
  actions: Generated<number>;
  tickets: Generated<number>;
  execution_time_ms: Generated<Int8>;
  health_score: number | null;
}

export interface BotNotifications {
  id: Generated<string>;
  ticket_id: string | null;
  channel: string;
  payload: Generated<Json>;
  status: Generated<'pending' | 'sent' | 'failed' | 'superseded'>;
  attempts: Generated<number>;
  send_after: Generated<Timestamp>;
  sent_at: Timestamp | null;
  error_message: string | null;
  created_at: Generated<Timestamp>;
  position: GeneratedAlways<SelectType<Int8>>;
  kind: Generated<'ticket' | 'comment' | 'group' | 'report'>;
  events: Generated<string[]>;
  route: string | null;
  opens: Generated<boolean>;
  gathers: Generated<boolean>;
  tries: Generated<number>;
  sending_since: Timestamp | null;
  repeats: Generated<number>;
  reference: string | null;
  note: string | null;
  reason: string | null;
  superseded_by: string | null;
  sent_order: number | null;
  report_day: string | null;
  report_due_at: Timestamp | null;
}

export interface BotSilences {
  id: Generated<string>;
  bot_id: string | null;
  component: string | null;
  category: string | null;
  fingerprint: string | null;
  owner: string;
  reason: string;
  until_resolved: Generated<boolean>;
  expires_at: Timestamp | null;
  ended_at: Timestamp | null;
  created_at: Generated<Timestamp>;
}

export interface BotTicketEvents {
  id: GeneratedAlways<SelectType<Int8>>;
  ticket_id: string;
  event:
    | 'opened'
    | 'seen'
    | 'assigned'
    | 'unassigned'
    | 'acknowledged'
    | 'snoozed'
    | 'woken'
    | 'commented'
    | 'noted'
    | 'resolved'
    | 'reopened'
    | 'closed'
    | 'raised'
    | 'lowered'
    | 'rated'
    | 'unrated'
    | 'merged'
    | 'unmerged'
    | 'escalated'
    | 'reminded'
    | 'flapping'
    | 'flapping_ended'
    | 'suppressed'
    | 'suppression_ended'
    | 'released';
  actor: string;
  detail: Generated<Json>;
  created_at: Generated<Timestamp>;
  routed_at: Timestamp | null;
  unsent_reason: string | null;
}

export interface BotTickets {
  id: Generated<string>;
  bot_id: string | null;
  finding_id: string | null;
  severity: 'critical' | 'high' | 'medium' | 'low' | 'info';
  title: string;
  description: string;
  status: Generated<'open' | 'assigned' | 'resolved' | 'closed'>;
  assigned_to: string | null;
  created_at: Generated<Timestamp | null>;
  updated_at: Generated<Timestamp | null>;
  resolved_at: Timestamp | null;
  resolution_notes: string | null;
  metadata: Json | null;
  number: GeneratedAlways<SelectType<Int8>>;
  fingerprint: string;
  occurrences: Generated<number>;
  respond_by: Timestamp | null;
  acknowledged_at: Timestamp | null;
  snoozed_until: Timestamp | null;
  resolved_by: string | null;
  cure_knowledge_id: string | null;
  version: Generated<number>;
  acknowledged_by: string | null;
  reopened_by: string | null;
  severity_override: 'critical' | 'high' | 'medium' | 'low' | 'info' | null;
  severity_override_by: string | null;
  severity_override_reason: string | null;
  severity_found: 'critical' | 'high' | 'medium' | 'low' | 'info' | null;
  snoozed_at: Timestamp | null;
  snoozed_by: string | null;
  snoozed_severity: 'critical' | 'high' | 'medium' | 'low' | 'info' | null;
  snoozed_occurrences: number | null;
  snooze_seen: Generated<number>;
  woken_at: Timestamp | null;
  merged_into: string | null;
  policy_version: number | null;
  escalation_began_at: Generated<Timestamp>;
  escalation_step: Generated<number>;
  escalation_with: string | null;
  prompted_at: Timestamp | null;
  policy_raised_at: Timestamp | null;
  escalate_at: Timestamp | null;
  clock_held_until: Timestamp | null;
}

export interface Bots {
  id: Generated<string>;
  name: string;
  display_name: string;
  description: string | null;
  schedule_cron: string;
  api_endpoint: string;
  status: Generated<'active' | 'paused' | 'disabled' | 'error'>;
  last_execution_at: Timestamp | null;
  next_execution_at: Timestamp | null;
  total_runs: Generated<number | null>;
  successful_runs: Generated<number | null>;
  failed_runs: Generated<number | null>;
  avg_execution_time_ms: number | null;
  created_at: Generated<Timestamp | null>;
  updated_at: Generated<Timestamp | null>;
  timezone: Generated<string>;
  config: Generated<Json>;
  next_slot_at: Timestamp | null;
  planned_from: Generated<Timestamp>;
  catch_up: Generated<'skip' | 'last' | 'all'>;
  catch_up_limit: Generated<number>;
  grace_seconds: Generated<number>;
  overlap: Generated<'skip' | 'queue'>;
  concurrency: Generated<number>;
  jitter_seconds: Generated<number>;
  timeout_seconds: Generated<number>;
  max_attempts: Generated<number>;
  priority: Generated<number>;
  confirm: Generated<number>;
  clear: Generated<number>;
  status_reason: string | null;
  status_changed_at: Timestamp | null;
  definition_version: Generated<number>;
  checked_version: Generated<number>;
  removed_at: Timestamp | null;
  catalogue_name: string | null;
  examined: Generated<Json>;
}

export interface Credits {
  id: Generated<string>;
  user_id: string | null;
  amount: number;
  type: 'purchase' | 'usage' | 'refund' | 'bonus';
  description: string | null;
  balance_after: number;
  metadata: Json | null;
  created_at: Generated<Timestamp | null>;
  seq: Generated<Int8>;
  idempotency_key: string | null;
}

export interface ErrorLogs {
  id: Generated<string>;
  user_id: string | null;
  error_type: string;
  error_message: string;
  stack_trace: string | null;
  context: Json | null;
  ip_address: string | null;
  created_at: Generated<Timestamp | null>;
  xact_id: Generated<string>;
}

export interface FirstResponders {
  id: Generated<string>;
  user_id: string | null;
  role: 'firefighter' | 'police' | 'ems' | 'dispatcher';
  agency: string | null;
  verified: Generated<boolean | null>;
  verification_doc_url: string | null;
  created_at: Generated<Timestamp | null>;
}

export interface GameLeaderboards {
  id: Generated<string>;
  game_id: string | null;
  user_id: string | null;
  score: number;
  rank: number | null;
  achieved_at: Timestamp;
  created_at: Generated<Timestamp | null>;
}

export interface GameSessions {
  id: Generated<string>;
  user_id: string | null;
  game_id: string | null;
  started_at: Timestamp;
  ended_at: Timestamp | null;
  duration_seconds: number | null;
  score: number | null;
  completed: Generated<boolean | null>;
  created_at: Generated<Timestamp | null>;
}

export interface GamesCatalog {
  id: Generated<string>;
  slug: string;
  name: string;
  description: string | null;
  category: string;
  thumbnail_url: string | null;
  is_premium: Generated<boolean | null>;
  credit_cost: Generated<number | null>;
  rating: Numeric | null;
  play_count: Generated<number | null>;
  created_at: Generated<Timestamp | null>;
}

export interface GroupMembers {
  id: Generated<string>;
  group_id: string | null;
  user_id: string | null;
  role: Generated<string | null>;
  joined_at: Generated<Timestamp | null>;
}

export interface JavariConversations {
  id: Generated<string>;
  user_id: string | null;
  project_id: string | null;
  provider: 'openai' | 'anthropic' | 'google' | 'perplexity';
  model: string;
  messages: Json;
  response: string | null;
  tokens_used: number | null;
  cost_cents: number | null;
  created_at: Generated<Timestamp | null>;
}

export interface JavariCredentials {
  id: Generated<string>;
  user_id: string | null;
  service: string;
  encrypted_credentials: string;
  encryption_key_id: string;
  created_at: Generated<Timestamp | null>;
  updated_at: Generated<Timestamp | null>;
  last_used_at: Timestamp | null;
}

export interface JavariLearning {
  id: Generated<string>;
  user_id: string | null;
  conversation_type: string;
  message_count: number | null;
  avg_message_length: number | null;
  response_quality_score: Numeric | null;
  provider: string | null;
  model: string | null;
  tokens_used: number | null;
  cost_cents: number | null;
  patterns_detected: Json | null;
  created_at: Generated<Timestamp | null>;
}

export interface JavariProjects {
  id: Generated<string>;
  user_id: string | null;
  name: string;
  description: string | null;
  parent_project_id: string | null;
  status: Generated<'active' | 'archived' | 'completed' | null>;
  metadata: Json | null;
  created_at: Generated<Timestamp | null>;
  updated_at: Generated<Timestamp | null>;
}

export interface JavariUsageStats {
  id: Generated<string>;
  user_id: string | null;
  provider: string;
  model: string;
  input_tokens: number | null;
  output_tokens: number | null;
  total_tokens: number | null;
  cost_cents: number | null;
  success: boolean;
  error_message: string | null;
  created_at: Generated<Timestamp | null>;
}

export interface OrganizationMembers {
  id: Generated<string>;
  organization_id: string | null;
  user_id: string | null;
  role: Generated<'owner' | 'admin' | 'member' | null>;
  joined_at: Generated<Timestamp | null>;
}

export interface Organizations {
  id: Generated<string>;
  name: string;
  owner_id: string | null;
  plan: Generated<'free' | 'team' | 'enterprise' | null>;
  credits_pool: Generated<number | null>;
  max_members: Generated<number | null>;
  created_at: Generated<Timestamp | null>;
  updated_at: Generated<Timestamp | null>;
}

export interface PageViews {
  id: Generated<string>;
  user_id: string | null;
  page_path: string;
  referrer: string | null;
  user_agent: string | null;
  ip_address: string | null;
  created_at: Generated<Timestamp | null>;
}

export interface Profiles {
  id: string;
  email: string;
  display_name: string | null;
  avatar_url: string | null;
  role: Generated<'user' | 'admin' | 'owner' | null>;
  credits: Generated<number | null>;
  subscription_tier: 'light' | 'standard' | 'advanced' | 'premium' | null;
  subscription_status: 'active' | 'canceled' | 'expired' | null;
  subscription_id: string | null;
  created_at: Generated<Timestamp | null>;
  updated_at: Generated<Timestamp | null>;
  last_login_at: Timestamp | null;
}

export interface SpaceVisits {
  id: Generated<string>;
  avatar_id: string | null;
  space_id: string | null;
  entered_at: Timestamp;
  exited_at: Timestamp | null;
  duration_seconds: number | null;
}

export interface Subscriptions {
  id: Generated<string>;
  user_id: string | null;
  provider: 'stripe' | 'paypal';
  provider_subscription_id: string;
  tier: 'light' | 'standard' | 'advanced' | 'premium';
  status: 'active' | 'canceled' | 'expired' | 'past_due';
  current_period_start: Timestamp | null;
  current_period_end: Timestamp | null;
  cancel_at_period_end: Generated<boolean | null>;
  created_at: Generated<Timestamp | null>;
  updated_at: Generated<Timestamp | null>;
  last_event_id: string | null;
  last_event_at: Timestamp | null;
}

export interface SupportGroups {
  id: Generated<string>;
  name: string;
  module: string;
  is_private: Generated<boolean | null>;
  max_members: Generated<number | null>;
  created_by: string | null;
  created_at: Generated<Timestamp | null>;
}

export interface ToolsCatalog {
  id: Generated<string>;
  app_id: string | null;
  slug: string;
  name: string;
  description: string | null;
  credit_cost: number;
  created_at: Generated<Timestamp | null>;
}

export interface ToolsResults {
  id: Generated<string>;
  user_id: string | null;
  tool_id: string | null;
  input_data: Json | null;
  output_data: Json | null;
  output_url: string | null;
  created_at: Generated<Timestamp | null>;
}

export interface ToolsUsage {
  id: Generated<string>;
  user_id: string | null;
  tool_id: string | null;
  credits_used: number;
  created_at: Generated<Timestamp | null>;
}

export interface Transactions {
  id: Generated<string>;
  user_id: string | null;
  provider: 'stripe' | 'paypal';
  provider_transaction_id: string | null;
  type: 'purchase' | 'subscription' | 'refund';
  amount_cents: number;
  currency: Generated<string | null>;
  status: 'pending' | 'completed' | 'failed' | 'refunded';
  credits_granted: number | null;
  metadata: Json | null;
  created_at: Generated<Timestamp | null>;
  updated_at: Generated<Timestamp | null>;
  last_event_id: string | null;
  last_event_at: Timestamp | null;
}

export interface UserActivityLog {
  id: Generated<string>;
  user_id: string | null;
  action_type: string;
  resource_type: string | null;
  resource_id: string | null;
  details: Json | null;
  ip_address: string | null;
  created_at: Generated<Timestamp | null>;
}

export interface UserSessions {
  id: Generated<string>;
  user_id: string | null;
  token: string;
  ip_address: string | null;
  user_agent: string | null;
  expires_at: Timestamp;
  created_at: Generated<Timestamp | null>;
}

export interface VirtualSpaces {
  id: Generated<string>;
  name: string;
  type: string;
  capacity: Generated<number | null>;
  owner_id: string | null;
  is_public: Generated<boolean | null>;
  coordinates: Json | null;
  metadata: Json | null;
  created_at: Generated<Timestamp | null>;
}

export interface EngineBackups {
  id: Generated<string>;
  outcome: Generated<'running' | 'success' | 'failed' | 'lost'>;
  target: 'folder' | 'command';
  folder: string | null;
  file_name: string | null;
  host: string;
  encrypted: boolean;
  requested_by: string;
  server_version: string | null;
  bytes: Int8 | null;
  sha256: string | null;
  tables: number | null;
  rows: Int8 | null;
  left_out: number | null;
  began_at: Timestamp;
  taken_at: Timestamp | null;
  ended_at: Timestamp | null;
  error_message: string | null;
  proven_at: Timestamp | null;
  proof_failed_at: Timestamp | null;
  proof_error: string | null;
  removed_at: Timestamp | null;
}

export interface EngineCanaries {
  id: Generated<string>;
  requested_at: Generated<Timestamp>;
  claimed_at: Timestamp | null;
  claimed_by: string | null;
  queued_at: Timestamp | null;
  started_at: Timestamp | null;
  worker: string | null;
  answered_at: Timestamp | null;
  recorded_at: Timestamp | null;
  error: string | null;
}

export interface EngineCancellations {
  execution_id: string;
  requested_at: Generated<Timestamp>;
  reason: string | null;
}

export interface EngineChannels {
  name: string;
  held_by: string | null;
  wait_until: Timestamp | null;
  off_since: Timestamp | null;
  off_reason: string | null;
  ticket_id: string | null;
  unusable_since: Timestamp | null;
  unusable_reason: string | null;
}

export interface EngineCheckMemories {
  bot_id: string;
  check_name: string;
  remembered: Json;
  last_fence: Int8;
  updated_at: Generated<Timestamp>;
}

export interface EngineDefinitionChanges {
  id: GeneratedAlways<SelectType<Int8>>;
  kind: 'bot' | 'knowledge' | 'silence' | 'policy' | 'notifications' | 'limit' | 'setting';
  definition: string;
  version: number;
  name: string | null;
  event: 'added' | 'changed' | 'deleted';
  before: Json | null;
  after: Json | null;
  actor: string;
  source: 'command' | 'apply' | 'application' | 'catalogue' | 'engine' | 'migration' | 'sql';
  place: string | null;
  why: string | null;
  database_role: string;
  changed_at: Generated<Timestamp>;
}

export interface EngineDefinitions {
  kind: 'bots' | 'knowledge' | 'silences' | 'policy' | 'notifications' | 'limits' | 'settings';
  name: string;
  row_id: string;
  set_name: string | null;
  file: string;
  applied_by: string;
  applied_at: Generated<Timestamp>;
  fields: Json | null;
}

export interface EngineErrorCounts {
  starts_at: Timestamp;
  template_id: Int8;
  errors: Int8;
}

export interface EngineErrorCursor {
  single: Generated<boolean>;
  xact_id: Generated<string>;
  error_id: Generated<string>;
  system_identifier: string | null;
  next_id: Generated<Int8>;
  version: Generated<Int8>;
  caught_up_at: Timestamp | null;
}

export interface EngineErrorFacets {
  template_id: Int8;
  kind: 'user' | 'release' | 'frame';
  value: string;
  errors: Int8;
  first_seen_at: Timestamp;
  last_seen_at: Timestamp;
}

export interface EngineErrorGroups {
  id: Int8;
  error_type: string;
  merged_into: Int8 | null;
  errors: Generated<Int8>;
  first_seen_at: Timestamp;
  last_seen_at: Timestamp;
  example_id: string | null;
  example: string | null;
  muted_at: Timestamp | null;
  muted_until: Timestamp | null;
  muted_by: string | null;
  muted_reason: string | null;
}

export interface EngineErrorTemplates {
  id: Int8;
  group_id: Int8;
  error_type: string;
  kind: 'mined' | 'flood' | 'fingerprint' | 'text';
  tokens: string[];
  split_from: Int8 | null;
  merged_into: Int8 | null;
  pinned: Generated<boolean>;
  errors: Generated<Int8>;
  first_seen_at: Timestamp;
  last_seen_at: Timestamp;
}

export interface EngineGroupedErrors {
  error_id: string;
  template_id: Int8;
  seen_at: Timestamp;
}

export interface EngineImports {
  table_name: 'api_logs' | 'error_logs';
  digest: string;
  bytes: Int8;
  name: string;
  rows: Int8;
  first_at: Timestamp | null;
  last_at: Timestamp | null;
  imported_at: Generated<Timestamp>;
  imported_by: string | null;
}

export interface EngineInbox {
  bot_id: string;
  number: Int8;
  delivery_id: string;
  received_at: Generated<Timestamp>;
  sent_at: Timestamp | null;
  event: string;
  secret: string;
  alarms: Json;
  ignored: string | null;
}

export interface EngineIndexSizes {
  schema_name: string;
  index_name: string;
  definition: string;
  best_bytes: Int8;
  best_rows: number;
  best_at: Timestamp;
  bytes: Int8;
  rows: number;
  measured_at: Timestamp;
  rebuilt_at: Timestamp | null;
  rebuilding_since: Timestamp | null;
  broken_off_after: number | null;
}

export interface EngineJobRuns {
  id: Generated<string>;
  job: string;
  scheduled_for: Timestamp | null;
  payload: Generated<Json>;
  status: Generated<
    'queued' | 'running' | 'success' | 'failed' | 'timeout' | 'cancelled' | 'skipped'
  >;
  generation: Generated<number>;
  attempt: Generated<number>;
  max_attempts: Generated<number>;
  fence: Int8 | null;
  lease_until: Timestamp | null;
  worker: string | null;
  queued_at: Generated<Timestamp>;
  run_after: Timestamp | null;
  started_at: Timestamp | null;
  completed_at: Timestamp | null;
  cancel_requested_at: Timestamp | null;
  reason: string | null;
  error_message: string | null;
  figures: Json | null;
  requested_by: string | null;
  cancel_requested_by: string | null;
}

export interface EngineJobs {
  name: string;
  last_slot_at: Generated<Timestamp>;
}

export interface EngineListeners {
  id: string;
  role: 'web' | 'up';
  host: string;
  pid: number;
  address: string;
  problem: string | null;
  started_at: Generated<Timestamp>;
  heartbeat_at: Generated<Timestamp>;
}

export interface EngineNodes {
  id: string;
  role: string;
  host: string;
  pid: number;
  started_at: Generated<Timestamp>;
  heartbeat_at: Generated<Timestamp>;
  skew_ms: number | null;
  queue: string | null;
  places: number | null;
  bots: string[] | null;
  remedies: string[] | null;
  refused: Json | null;
}

export interface EnginePolicies {
  version: GeneratedAlways<SelectType<number>>;
  policy: Json;
  set_by: string;
  set_at: Generated<Timestamp>;
}

export interface EngineRemoteReports {
  request_id: string;
  bot_id: string;
  execution_id: string;
  attempt: number;
  asked_at: Generated<Timestamp>;
  lease_until: Timestamp;
  accepted_at: Timestamp | null;
  given_up_at: Timestamp | null;
  received_at: Timestamp | null;
  body_sha256: string | null;
  body: string | null;
}

export interface EngineRemovedHeals {
  knowledge_id: string;
  solution_since: Timestamp;
  tried: number;
  applied: number;
  decided: number;
  held: number;
}

export interface EngineReports {
  day: string;
  report: Json;
  due_at: Timestamp;
  made_at: Generated<Timestamp>;
  timezone: string | null;
}

export interface EngineRollupMarks {
  kind: 'bot' | 'endpoint' | 'app' | 'provider' | 'page' | 'error' | 'activity';
  done_until: Timestamp;
  removed_until: Timestamp | null;
  cleared_until: Timestamp | null;
}

export interface EngineRollups {
  kind: 'bot' | 'endpoint' | 'app' | 'provider' | 'page' | 'error' | 'activity';
  subject: string;
  period: 'hour' | 'day';
  starts_at: Timestamp;
  events: Int8;
  failures: Int8;
  total_ms: Generated<Int8>;
  cost: Generated<Numeric>;
}

export interface EngineRunProgress {
  execution_id: string;
  fence: Int8;
  check_name: string;
  share: number;
  sentence: string | null;
  told_at: Generated<Timestamp>;
}

export interface EngineSecrets {
  name: string;
  id: Generated<string>;
  sealed: string | null;
  key_id: string | null;
  variable: string | null;
  created_at: Generated<Timestamp>;
  changed_at: Generated<Timestamp>;
  changed_by: string;
  rotated_at: Timestamp | null;
}

export interface EngineSettings {
  key: string;
  value: Json;
  changed_at: Generated<Timestamp>;
  changed_by: string | null;
}

export interface EngineSources {
  bot_id: string;
  last_number: Generated<Int8>;
  last_received_at: Generated<Timestamp>;
}

export interface DB {
  api_logs: ApiLogs;
  app_catalog: AppCatalog;
  app_usage: AppUsage;
  avatars: Avatars;
  bot_actions: BotActions;
  bot_decisions: BotDecisions;
  bot_executions: BotExecutions;
  bot_finding_states: BotFindingStates;
  bot_findings: BotFindings;
  bot_knowledge: BotKnowledge;
  bot_knowledge_autonomy: BotKnowledgeAutonomy;
  bot_knowledge_events: BotKnowledgeEvents;
  bot_maintenance: BotMaintenance;
  bot_metrics: BotMetrics;
  bot_notifications: BotNotifications;
  bot_silences: BotSilences;
  bot_ticket_events: BotTicketEvents;
  bot_tickets: BotTickets;
  bots: Bots;
  credits: Credits;
  error_logs: ErrorLogs;
  first_responders: FirstResponders;
  game_leaderboards: GameLeaderboards;
  game_sessions: GameSessions;
  games_catalog: GamesCatalog;
  group_members: GroupMembers;
  javari_conversations: JavariConversations;
  javari_credentials: JavariCredentials;
  javari_learning: JavariLearning;
  javari_projects: JavariProjects;
  javari_usage_stats: JavariUsageStats;
  organization_members: OrganizationMembers;
  organizations: Organizations;
  page_views: PageViews;
  profiles: Profiles;
  space_visits: SpaceVisits;
  subscriptions: Subscriptions;
  support_groups: SupportGroups;
  tools_catalog: ToolsCatalog;
  tools_results: ToolsResults;
  tools_usage: ToolsUsage;
  transactions: Transactions;
  user_activity_log: UserActivityLog;
  user_sessions: UserSessions;
  virtual_spaces: VirtualSpaces;
  'engine.backups': EngineBackups;
  'engine.canaries': EngineCanaries;
  'engine.cancellations': EngineCancellations;
  'engine.channels': EngineChannels;
  'engine.check_memories': EngineCheckMemories;
  'engine.definition_changes': EngineDefinitionChanges;
  'engine.definitions': EngineDefinitions;
  'engine.error_counts': EngineErrorCounts;
  'engine.error_cursor': EngineErrorCursor;
  'engine.error_facets': EngineErrorFacets;
  'engine.error_groups': EngineErrorGroups;
  'engine.error_templates': EngineErrorTemplates;
  'engine.grouped_errors': EngineGroupedErrors;
  'engine.imports': EngineImports;
  'engine.inbox': EngineInbox;
  'engine.index_sizes': EngineIndexSizes;
  'engine.job_runs': EngineJobRuns;
  'engine.jobs': EngineJobs;
  'engine.listeners': EngineListeners;
  'engine.nodes': EngineNodes;
  'engine.policies': EnginePolicies;
  'engine.remote_reports': EngineRemoteReports;
  'engine.removed_heals': EngineRemovedHeals;
  'engine.reports': EngineReports;
  'engine.rollup_marks': EngineRollupMarks;
  'engine.rollups': EngineRollups;
  'engine.run_progress': EngineRunProgress;
  'engine.secrets': EngineSecrets;
  'engine.settings': EngineSettings;
  'engine.sources': EngineSources;
}
