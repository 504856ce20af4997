/** Writes docs/remote-bots.schema.json. `npm run remote-schema` runs it. */
import { writeFileSync } from 'node:fs';
import { remoteSchema } from './schema.ts';

const file = new URL('../../docs/remote-bots.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(remoteSchema(), null, 2)}\n`);
