/** Writes docs/playbook.schema.json, with which editors check playbooks. Run by `npm run playbook-schema`. */
import { writeFileSync } from 'node:fs';
import { playbookSchema } from './schema.ts';

const { remedies } = await import(new URL('../../bots/index.ts', import.meta.url).href);
const file = new URL('../../docs/playbook.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(playbookSchema(remedies), null, 2)}\n`);
