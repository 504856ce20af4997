import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { signedAnswer } from '../../src/remote/answer.ts';
import { remoteSchema } from '../../src/remote/schema.ts';
import { calm } from './scene.ts';

const read = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('docs/remote-bots.schema.json is what the engine takes: `npm run remote-schema` writes it', () => {
  expect(JSON.parse(read('docs/remote-bots.schema.json'))).toEqual(
    JSON.parse(JSON.stringify(remoteSchema())),
  );
});

test('it refuses what the engine refuses: fields that it does not know', () => {
  const { $defs } = remoteSchema() as any;
  expect(Object.keys($defs)).toEqual(['request', 'signedAnswer', 'acceptedAnswer', 'cronAnswer']);
  for (const part of Object.values<any>($defs)) expect(part.additionalProperties).toBe(false);
  expect($defs.signedAnswer.properties.checks.items.additionalProperties).toBe(false);
  expect(signedAnswer.safeParse(calm).success).toBe(true);
});

test('the answers that docs/remote-bots.md shows fit the contract', () => {
  const blocks = [...read('docs/remote-bots.md').matchAll(/```json\n([\s\S]*?)```/g)].map(
    ([, text]) => JSON.parse(text!) as Record<string, unknown>,
  );
  const answers = blocks.filter((block) => 'checks' in block);
  expect(answers.length).toBeGreaterThan(0);
  for (const answer of answers) expect(signedAnswer.parse(answer)).toEqual(answer);
});
