/** How many rows `db seed` plants. The number of profiles determines the numbers that are not named here. */
export interface Size {
  profiles: number;
  apps: number;
  tools: number;
  games: number;
  /** the length of the bots' history, in days */
  days: number;
  apiLogs: number;
  credits: number;
}

export const sizes = {
  small: {
    profiles: 200,
    apps: 20,
    tools: 20,
    games: 100,
    days: 2,
    apiLogs: 10_000,
    credits: 2_000,
  },
  medium: {
    profiles: 2_000,
    apps: 60,
    tools: 60,
    games: 1_200,
    days: 14,
    apiLogs: 250_000,
    credits: 20_000,
  },
  large: {
    profiles: 100_000,
    apps: 60,
    tools: 60,
    games: 1_200,
    days: 14,
    apiLogs: 5_000_000,
    credits: 1_000_000,
  },
} satisfies Record<string, Size>;

export type SizeName = keyof typeof sizes;
