/**
 * The columns of the schema document's tables, as it writes them: `*` marks NOT NULL without a default, which every insert
 * has to give. References are `->table`.
 */
const document = `
profiles: id* uuid, email* varchar, display_name varchar, avatar_url text, role varchar, credits integer, subscription_tier varchar, subscription_status varchar, subscription_id varchar, created_at timestamptz, updated_at timestamptz, last_login_at timestamptz
organizations: id uuid, name* varchar, owner_id ->profiles, plan varchar, credits_pool integer, max_members integer, created_at timestamptz, updated_at timestamptz
organization_members: id uuid, organization_id ->organizations, user_id ->profiles, role varchar, joined_at timestamptz
user_sessions: id uuid, user_id ->profiles, token* varchar, ip_address inet, user_agent text, expires_at* timestamptz, created_at timestamptz
user_activity_log: id uuid, user_id ->profiles, action_type* varchar, resource_type varchar, resource_id uuid, details jsonb, ip_address inet, created_at timestamptz
credits: id uuid, user_id ->profiles, amount* integer, type* varchar, description text, balance_after* integer, metadata jsonb, created_at timestamptz
transactions: id uuid, user_id ->profiles, provider* varchar, provider_transaction_id varchar, type* varchar, amount_cents* integer, currency varchar, status* varchar, credits_granted integer, metadata jsonb, created_at timestamptz, updated_at timestamptz
subscriptions: id uuid, user_id ->profiles, provider* varchar, provider_subscription_id* varchar, tier* varchar, status* varchar, current_period_start timestamptz, current_period_end timestamptz, cancel_at_period_end boolean, created_at timestamptz, updated_at timestamptz
javari_projects: id uuid, user_id ->profiles, name* varchar, description text, parent_project_id ->javari_projects, status varchar, metadata jsonb, created_at timestamptz, updated_at timestamptz
javari_conversations: id uuid, user_id ->profiles, project_id ->javari_projects, provider* varchar, model* varchar, messages* jsonb, response text, tokens_used integer, cost_cents integer, created_at timestamptz
javari_credentials: id uuid, user_id ->profiles, service* varchar, encrypted_credentials* text, encryption_key_id* varchar, created_at timestamptz, updated_at timestamptz, last_used_at timestamptz
javari_learning: id uuid, user_id ->profiles, conversation_type* varchar, message_count integer, avg_message_length integer, response_quality_score decimal, provider varchar, model varchar, tokens_used integer, cost_cents integer, patterns_detected jsonb, created_at timestamptz
javari_usage_stats: id uuid, user_id ->profiles, provider* varchar, model* varchar, input_tokens integer, output_tokens integer, total_tokens integer, cost_cents integer, success* boolean, error_message text, created_at timestamptz
bots: id uuid, name* varchar, display_name* varchar, description text, schedule_cron* varchar, api_endpoint* varchar, status varchar, last_execution_at timestamptz, next_execution_at timestamptz, total_runs integer, successful_runs integer, failed_runs integer, avg_execution_time_ms integer, created_at timestamptz, updated_at timestamptz
bot_executions: id uuid, bot_id ->bots, status* varchar, started_at* timestamptz, completed_at timestamptz, execution_time_ms integer, checks_performed integer, issues_found integer, actions_taken integer, error_message text, metadata jsonb, created_at timestamptz
bot_findings: id uuid, bot_id ->bots, execution_id ->bot_executions, severity* varchar, category* varchar, title* varchar, description text, affected_component varchar, detected_at timestamptz, resolved_at timestamptz, resolution_method varchar, metadata jsonb
bot_actions: id uuid, bot_id ->bots, finding_id ->bot_findings, action_type* varchar, action_description* text, success* boolean, error_message text, taken_at timestamptz, metadata jsonb
bot_tickets: id uuid, bot_id ->bots, finding_id ->bot_findings, severity* varchar, title* varchar, description* text, status varchar, assigned_to varchar, created_at timestamptz, updated_at timestamptz, resolved_at timestamptz, resolution_notes text, metadata jsonb
bot_knowledge: id uuid, category* varchar, issue_pattern* text, solution* text, success_rate decimal, times_applied integer, times_successful integer, last_used_at timestamptz, created_at timestamptz, updated_at timestamptz
app_catalog: id uuid, slug* varchar, name* varchar, description text, category* varchar, icon_url text, credit_cost* integer, status varchar, deployment_url text, repository_url text, created_at timestamptz, updated_at timestamptz
app_usage: id uuid, user_id ->profiles, app_id ->app_catalog, credits_used* integer, execution_time_ms integer, success* boolean, error_message text, created_at timestamptz
tools_catalog: id uuid, app_id ->app_catalog, slug* varchar, name* varchar, description text, credit_cost* integer, created_at timestamptz
tools_usage: id uuid, user_id ->profiles, tool_id ->tools_catalog, credits_used* integer, created_at timestamptz
tools_results: id uuid, user_id ->profiles, tool_id ->tools_catalog, input_data jsonb, output_data jsonb, output_url text, created_at timestamptz
games_catalog: id uuid, slug* varchar, name* varchar, description text, category* varchar, thumbnail_url text, is_premium boolean, credit_cost integer, rating decimal, play_count integer, created_at timestamptz
game_sessions: id uuid, user_id ->profiles, game_id ->games_catalog, started_at* timestamptz, ended_at timestamptz, duration_seconds integer, score integer, completed boolean, created_at timestamptz
game_leaderboards: id uuid, game_id ->games_catalog, user_id ->profiles, score* integer, rank integer, achieved_at* timestamptz, created_at timestamptz
avatars: id uuid, user_id ->profiles, name* varchar, appearance* jsonb, is_active boolean, created_at timestamptz, updated_at timestamptz
virtual_spaces: id uuid, name* varchar, type* varchar, capacity integer, owner_id ->profiles, is_public boolean, coordinates jsonb, metadata jsonb, created_at timestamptz
space_visits: id uuid, avatar_id ->avatars, space_id ->virtual_spaces, entered_at* timestamptz, exited_at timestamptz, duration_seconds integer
first_responders: id uuid, user_id ->profiles, role* varchar, agency varchar, verified boolean, verification_doc_url text, created_at timestamptz
support_groups: id uuid, name* varchar, module* varchar, is_private boolean, max_members integer, created_by ->profiles, created_at timestamptz
group_members: id uuid, group_id ->support_groups, user_id ->profiles, role varchar, joined_at timestamptz
page_views: id uuid, user_id ->profiles, page_path* varchar, referrer text, user_agent text, ip_address inet, created_at timestamptz
api_logs: id uuid, user_id ->profiles, endpoint* varchar, method* varchar, status_code* integer, response_time_ms integer, ip_address inet, created_at timestamptz
error_logs: id uuid, user_id ->profiles, error_type* varchar, error_message* text, stack_trace text, context jsonb, ip_address inet, created_at timestamptz`;

export interface DocumentedColumn {
  name: string;
  /** every insert has to give it */
  needed: boolean;
  type: string;
  /** the table that it refers to */
  of: string | null;
}

/** The document's tables in its own order, each with its columns. */
export const documentedColumns = new Map<string, DocumentedColumn[]>(
  document
    .trim()
    .split('\n')
    .map((line) => {
      const [table, columns] = line.split(': ') as [string, string];
      return [
        table,
        columns.split(', ').map((column) => {
          const [name, type] = column.split(' ') as [string, string];
          return {
            name: name.replace('*', ''),
            needed: name.endsWith('*'),
            type: type.startsWith('->') ? 'uuid' : type,
            of: type.startsWith('->') ? type.slice(2) : null,
          };
        }),
      ] as const;
    }),
);
