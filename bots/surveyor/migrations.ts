import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { readExpected } from './expected.ts';
import { category } from './settings.ts';

/** Migrations that this version needs, and those that another one applied. */
export async function findPending(_: Config, context: CheckContext): Promise<CheckResult> {
  const { pending, unknown } = await readExpected(context);
  const finding = (
    severity: 'high' | 'medium',
    title: string,
    description: string,
    names: string[],
  ): ReportedFinding => ({
    severity,
    category,
    title,
    description,
    component: 'migrations',
    metadata: { count: names.length, migrations: names.slice(0, 100) },
  });
  return {
    examined: ['pending', 'unknown'],
    findings: [
      ...(pending.length > 0
        ? [
            {
              ...finding(
                'high',
                `Pending migrations: ${pending.length}, from ${pending[0]} on`,
                'This version of Roundsman needs them.',
                pending,
              ),
              key: 'pending',
            },
          ]
        : []),
      ...(unknown.length > 0
        ? [
            {
              ...finding(
                'medium',
                `Unknown migrations: ${unknown.length} were applied by another version`,
                'This version of Roundsman does not know what they changed.',
                unknown,
              ),
              key: 'unknown',
            },
          ]
        : []),
    ],
    figures: [
      { name: 'pending migrations', value: pending.length },
      { name: 'unknown migrations', value: unknown.length },
    ],
  };
}
