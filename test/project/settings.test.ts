/** Settings of a project's config in the database, beside those that people have set. */
import { expect, test } from 'vitest';
import { changeSetting, clearSetting, showSettings } from '../../src/services/settings/change.ts';
import { storeProjectSettings } from '../../src/services/settings/of-project.ts';
import { testDatabase } from '../support/database.ts';

const { db } = await testDatabase();
const ann = { db, actor: { name: 'ann', role: 'owner' } } as const;

const shown = async (name: 'http_hosts' | 'api_logs_keep_days') => {
  const [row] = await showSettings(db, name);
  return `${JSON.stringify(row!.value)} by ${row!.changed_by}`;
};

test('the config sets what has no value, a person wins, and what the config no longer names is taken away', async () => {
  const [hosts, days] = [
    { name: 'http_hosts', value: ['10.0.0.5:8080'] },
    { name: 'api_logs_keep_days', value: 30 },
  ] as const;
  expect(await storeProjectSettings(db, [hosts, days])).toEqual([
    'api_logs_keep_days',
    'http_hosts',
  ]);
  expect(await storeProjectSettings(db, [hosts, days])).toEqual([]);
  expect(await shown('api_logs_keep_days')).toBe('30 by roundsman.config.ts');

  await changeSetting(ann, { name: 'api_logs_keep_days', value: 60 });
  expect(await storeProjectSettings(db, [hosts, { ...days, value: 45 }])).toEqual([]);
  expect(await shown('api_logs_keep_days')).toBe('60 by ann');
  await clearSetting(ann, 'api_logs_keep_days');
  expect(await storeProjectSettings(db, [hosts, { ...days, value: 45 }])).toEqual([
    'api_logs_keep_days',
  ]);
  expect(await shown('api_logs_keep_days')).toBe('45 by roundsman.config.ts');

  await storeProjectSettings(db, [hosts]);
  expect(await shown('api_logs_keep_days')).toBe('null by null');
  expect(await shown('http_hosts')).toBe('["10.0.0.5:8080"] by roundsman.config.ts');
  await storeProjectSettings(db, []);
  expect(await shown('http_hosts')).toBe('null by null');
});

test('a recipient of backups that age does not know is refused before anything is stored', async () => {
  const wrong = { name: 'backup_recipients', value: ['age1wrong'] } as const;
  const days = { name: 'api_logs_keep_days', value: 30 } as const;
  await expect(storeProjectSettings(db, [days, wrong])).rejects.toThrow(
    'a recipient cannot be used',
  );
  expect(await shown('api_logs_keep_days')).toBe('null by null');
});
