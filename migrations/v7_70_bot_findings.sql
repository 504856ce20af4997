-- For findings of any bot that were detected soon after a heal.
CREATE INDEX idx_findings_detected ON bot_findings (detected_at);
