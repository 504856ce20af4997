/** The kinds of definitions by their names. They stand apart, so that `--help` need not load the kinds themselves. */
export const kindNames = [
  'bots',
  'knowledge',
  'silences',
  'policy',
  'notifications',
  'limits',
  'settings',
] as const;
