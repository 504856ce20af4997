/** What a setting admits, its checks can use: a person may set it so high or low that a check never or always finds something. */
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { bots } from '../../bots/index.ts';
import { SkippedCheck } from '../../src/bot.ts';
import { connect } from '../../src/database/connect.ts';
import { plantPlatform } from '../../src/demo/plant.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await plantPlatform(database.db);
});

interface Schema {
  type?: string;
  anyOf?: Schema[];
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  exclusiveMaximum?: number;
}

/** The least and the most that a numeric setting admits; nothing for other ones. */
function extremes(schema: Schema): number[] {
  const {
    type,
    minimum,
    exclusiveMinimum = 0,
    maximum,
    exclusiveMaximum,
  } = schema.anyOf?.find((each) => each.type !== 'null') ?? schema;
  if (type !== 'number' && type !== 'integer') return [];
  const step = type === 'integer' ? 1 : 1e-9;
  const most = type === 'integer' ? Number.MAX_SAFE_INTEGER : 1e300;
  return [
    minimum ?? exclusiveMinimum + step,
    maximum ?? (exclusiveMaximum === undefined ? most : exclusiveMaximum - step),
  ];
}

test.each(bots.map((bot) => [bot.name, bot] as const))('%s', async (_, bot) => {
  const reader = connect(database.url, { max: 1, readOnly: true });
  onTestFinished(() => reader.destroy());
  const { properties = {} } = z.toJSONSchema(bot.config, {
    io: 'input',
    unrepresentable: 'any',
  }) as { properties?: Record<string, Schema> };
  const wrong: string[] = [];
  for (const [name, schema] of Object.entries(properties))
    for (const value of extremes(schema))
      for (const check of bot.checks) {
        // A setting may bound another one.
        if (!bot.config.safeParse({ [name]: value }).success) continue;
        await runCheck(bot, check.name, reader, { [name]: value }).catch((error: unknown) => {
          if (!(error instanceof SkippedCheck))
            wrong.push(`${check.name}, ${name}=${value}: ${error}`);
        });
      }
  expect(wrong).toEqual([]);
});
