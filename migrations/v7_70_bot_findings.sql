-- What began soon after a heal, of whatever bot.
CREATE INDEX idx_findings_detected ON bot_findings (detected_at);
