import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { remedies } from '../../bots/index.ts';
import { playbookSchema } from '../../src/playbook/schema.ts';

const file = new URL('../../docs/playbook.schema.json', import.meta.url);

test('docs/playbook.schema.json is what the remedies take: `npm run playbook-schema` writes it', () => {
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(
    JSON.parse(JSON.stringify(playbookSchema(remedies))),
  );
});

test('it knows every remedy, and asks for parameters only where one has to be given', () => {
  const { properties } = playbookSchema(remedies) as any;
  const steps = new Map<string, any>(
    properties.steps.items.anyOf.map((step: any) => [step.properties.remedy.const, step]),
  );
  expect([...steps.keys()].toSorted()).toEqual(remedies.map(({ name }) => name).toSorted());
  for (const { name, params } of remedies)
    expect(steps.get(name).required.includes('with')).toBe(!params.safeParse({}).success);
});
