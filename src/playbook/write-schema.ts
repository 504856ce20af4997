/** Writes docs/playbook.schema.json, which editors use to check playbooks. `npm run playbook-schema` runs it. */
import { writeFileSync } from 'node:fs';
import { playbookSchema } from './schema.ts';

const { remedies } = await import(new URL('../../bots/index.ts', import.meta.url).href);
const file = new URL('../../docs/playbook.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(playbookSchema(remedies), null, 2)}\n`);
