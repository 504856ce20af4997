import type { ReportedFinding } from '../../src/bot.ts';
import type { Apps } from './apps.ts';
import { category } from './judge.ts';

/** Reports that apps were not asked: otherwise they would look healthy. */
export function reportUnasked(
  { count }: Apps,
  known: number,
  what = 'apps',
  all = count,
): ReportedFinding[] {
  if (known >= all) return [];
  return [
    {
      severity: 'medium',
      category,
      title: `Not all ${what} were asked: ${all - known} of ${all} were left out`,
      description:
        'The time of the check was over, or there are more apps than it may ask. Raise at_once, max_seconds or max_apps in ' +
        'the settings of this bot.',
      component: 'app_catalog',
      key: `app_catalog ${what}`,
      metadata: { asked: known, of: all },
    },
  ];
}
