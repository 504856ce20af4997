-- The document's own policies, as it writes them. v6 puts others in their place: these alone let
-- anybody become owner with any balance.
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;

CREATE POLICY "Users can view own profile" ON profiles FOR SELECT USING (auth.uid() = id);
CREATE POLICY "Users can update own profile" ON profiles FOR UPDATE USING (auth.uid() = id);
CREATE POLICY "Only admins can view bot executions" ON bot_executions FOR SELECT
  USING (EXISTS (SELECT 1 FROM profiles WHERE id = auth.uid() AND role IN ('admin', 'owner')));
CREATE POLICY "Anyone can view apps" ON app_catalog FOR SELECT USING (status = 'active');
CREATE POLICY "Authenticated can track usage" ON app_usage FOR INSERT WITH CHECK (auth.uid() IS NOT NULL);
