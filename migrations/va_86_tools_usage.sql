-- The curator reads the newest uses of each tool. No query needs the older index on the tool alone any more.
CREATE INDEX IF NOT EXISTS idx_tools_usage_tool_created ON tools_usage (tool_id, created_at DESC);
CREATE INDEX IF NOT EXISTS idx_tools_usage_created ON tools_usage (created_at);
