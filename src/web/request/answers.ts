/** Answers that several routes give. */
export const noDatabase = { error: 'the database cannot be reached' };
export const retrySoon = { 'retry-after': '5' };
