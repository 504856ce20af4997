import { httpHosts, readSetting } from '../../data/settings/rows.ts';
import type { Db } from '../../database/connect.ts';
import type { Notifications } from './schema.ts';

/**
 * Receivers whose addresses need not be public: those of the document, and those of the setting `http_hosts`. Every
 * channel may reach the host that its config names, as far as that has public addresses.
 */
export async function allowedHosts(db: Db, settings: Notifications | null): Promise<unknown[]> {
  const value = (await readSetting(db, httpHosts))?.value;
  return [...(settings?.hosts ?? []), ...(Array.isArray(value) ? value : [])];
}
