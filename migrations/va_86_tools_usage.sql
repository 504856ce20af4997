-- The curator asks for the newest uses of each tool. The first migration's index by tool alone serves nothing else then.
CREATE INDEX IF NOT EXISTS idx_tools_usage_tool_created ON tools_usage (tool_id, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_tools_usage_created ON tools_usage (created_at);
