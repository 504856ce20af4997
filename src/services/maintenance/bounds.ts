/** The shortest and the longest maintenance window, in seconds. Instead of a longer one a person pauses or disables bots. */
export const bounds = { least: 60, most: 365 * 86_400, example: '2h' };
