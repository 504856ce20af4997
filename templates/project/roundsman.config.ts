import { defineConfig } from 'roundsman';

export default defineConfig({
  catalogues: {
    // The bots that Roundsman brings: 'all', 'none', or names such as ['conductor', 'sentinel-db'].
    builtIn: 'all',
    // Every .ts file in these folders exports bots and remedies; tests are left out.
    folders: ['bots'],
  },
});
