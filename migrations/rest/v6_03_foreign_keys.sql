-- Without an index on the referring column, PostgreSQL reads the whole referring table for each deleted parent row.
CREATE INDEX IF NOT EXISTS idx_organizations_owner ON organizations (owner_id);
CREATE INDEX IF NOT EXISTS idx_organization_members_user ON organization_members (user_id);
CREATE INDEX IF NOT EXISTS idx_tools_usage_tool ON tools_usage (tool_id);
CREATE INDEX IF NOT EXISTS idx_tools_results_tool ON tools_results (tool_id);
CREATE INDEX IF NOT EXISTS idx_api_logs_user ON api_logs (user_id);
CREATE INDEX IF NOT EXISTS idx_page_views_user ON page_views (user_id);
CREATE INDEX IF NOT EXISTS idx_error_logs_user ON error_logs (user_id);
CREATE INDEX IF NOT EXISTS idx_leaderboards_user ON game_leaderboards (user_id);
CREATE INDEX IF NOT EXISTS idx_virtual_spaces_owner ON virtual_spaces (owner_id);
CREATE INDEX IF NOT EXISTS idx_visits_avatar ON space_visits (avatar_id);
CREATE INDEX IF NOT EXISTS idx_first_responders_user ON first_responders (user_id);
CREATE INDEX IF NOT EXISTS idx_support_groups_created_by ON support_groups (created_by);
CREATE INDEX IF NOT EXISTS idx_group_members_user ON group_members (user_id);
