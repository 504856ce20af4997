/** Every setting: one line for each part of the engine. */
import { backupSettings } from './backups.ts';
import { maintenanceSettings } from './maintenance.ts';
import { outsideSettings } from './outside.ts';
import { retentionSettings } from './retention.ts';
import type { EngineSetting } from './setting.ts';

const all = [
  ...outsideSettings,
  ...backupSettings,
  ...maintenanceSettings,
  ...retentionSettings,
] as const;

export type SettingName = (typeof all)[number]['name'];
export const settings: readonly EngineSetting<SettingName>[] = all;
export const settingNames: readonly SettingName[] = all.map(({ name }) => name);
