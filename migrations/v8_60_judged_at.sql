ALTER TABLE bot_knowledge
  -- when its autonomy was judged last, by the server's clock
  ADD COLUMN judged_at timestamptz;
