/** The shortest and the longest maintenance window, in seconds: who wants a longer one should pause or disable bots. */
export const bounds = { least: 60, most: 365 * 86_400, example: '2h' };
