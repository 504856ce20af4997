-- Findings of guardian and ledger name payments by the provider's id, and users by a masked e-mail address. Stored patterns of the
-- catalogue that fit only the earlier titles get the pattern of this version, which fits both. A pattern that an admin has edited is
-- none of the earlier ones, and stays. No event is written: for an edit, what the entry has learnt in shadow would be forgotten.
UPDATE bot_knowledge k SET issue_pattern = p.pattern
FROM (VALUES
  ('payments.pending',
   '^payment [\w.:-]{1,80}( of .{1,40})? at \w+ has been pending',
   ARRAY['^payment [0-9a-f-]{36} at \w+ has been pending']),
  ('payments.without-credits',
   '^payment [\w.:-]{1,80}( of .{1,40})? is completed, and (no credits were|\d+ of)',
   ARRAY['^payment [0-9a-f-]{36} is completed, and (no credits were|\d+ of)',
         '^payment [0-9a-f-]{36} is completed, and (names|\d+ of)']),
  ('payments.granted-twice',
   '^payment [\w.:-]{1,80}( of .{1,40})? gave \d+ credits in',
   ARRAY['^payment [0-9a-f-]{36} gave \d+ credits in']),
  ('payments.refund-without-debit',
   '^refund [\w.:-]{1,80}( of .{1,40})? paid money back',
   ARRAY['^refund [0-9a-f-]{36} paid money back']),
  ('payments.past-period',
   '^subscription [\w.:-]{1,80} is (active|past_due), and its period ended',
   ARRAY['^subscription [0-9a-f-]{36} is (active|past_due), and its period ended']),
  ('payments.profile-disagrees',
   '^profile ([0-9a-f-]{36}|\S{1,80} \([0-9a-f]{8}\)) is .{1,60}, and its subscription is',
   ARRAY['^profile [0-9a-f-]{36} is .{1,60}, and its subscription is']),
  ('payments.stripe-differs',
   '^(stripe''s payment \w+ is (refunded|\d)|payment [\w.:-]{1,80}( of .{1,40})? is (\d|refunded, and paid))',
   ARRAY['^(stripe''s payment \w+ is (refunded|\d)|payment [0-9a-f-]{36} is (\d|refunded, and paid))',
         '^(stripe''s payment \w+ is (refunded|\d)|payment [0-9a-f-]{36} is \d)']),
  ('payments.stripe-unknown',
   '^payment [\w.:-]{1,80}( of .{1,40})? is (completed|refunded), and (stripe does not know it|[a-z_]{1,40} at stripe)',
   ARRAY['^payment [0-9a-f-]{36} is (completed|refunded), and (stripe does not know it|[a-z_]{1,40} at stripe)',
         '^payment [0-9a-f-]{36} is completed, and (stripe does not know it|[a-z_ ]{1,40} at stripe)']),
  ('ledger.negative-balance',
   '^balance of user ([0-9a-f-]{36}|\S{1,80} \([0-9a-f]{8}\)) is negative',
   ARRAY['^balance of user [0-9a-f-]{36} is negative']),
  ('ledger.negative-pool',
   '^the pool of organization [0-9a-f-]{8,36}( of \S{1,80})? is below zero',
   ARRAY['^the pool of organization [0-9a-f-]{36} is below zero',
         '^the pool of organisation [0-9a-f-]{36} is below zero'])
) AS p (entry, pattern, earlier)
WHERE k.catalogue_name = p.entry AND k.issue_pattern = ANY (p.earlier);
