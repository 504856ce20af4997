-- The policies that the documented schema has. Later migrations (v6_95) replace them, because with these alone any user
-- could set the role of their own profile to `owner` and their credits to any number.
ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;

DROP POLICY IF EXISTS "Users can view own profile" ON profiles;
CREATE POLICY "Users can view own profile" ON profiles FOR SELECT USING (auth.uid() = id);
DROP POLICY IF EXISTS "Users can update own profile" ON profiles;
CREATE POLICY "Users can update own profile" ON profiles FOR UPDATE USING (auth.uid() = id);
DROP POLICY IF EXISTS "Anyone can view apps" ON app_catalog;
CREATE POLICY "Anyone can view apps" ON app_catalog FOR SELECT USING (status = 'active');
DROP POLICY IF EXISTS "Authenticated can track usage" ON app_usage;
CREATE POLICY "Authenticated can track usage" ON app_usage FOR INSERT WITH CHECK (auth.uid() IS NOT NULL);
