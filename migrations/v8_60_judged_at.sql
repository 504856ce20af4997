ALTER TABLE bot_knowledge
  -- when its autonomy was last judged, by the clock of the database
  ADD COLUMN judged_at timestamptz;
