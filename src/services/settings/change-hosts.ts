/** Changes single hosts of the setting `http_hosts`. */
import { httpHosts, lockSetting, removeSetting, writeSetting } from '../../data/settings/rows.ts';
import type { Db } from '../../database/connect.ts';
import { storable } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { changing } from '../changing.ts';

/** The list of hosts before and after a change; null for a list without hosts. */
export interface ChangedHosts {
  before: unknown;
  after: string[] | null;
  /** hosts to be removed that were not in the list */
  absent: string[];
}

/** Adds hosts to `http_hosts`, and removes others; the rest stays. For owners and admins. */
export function changeHosts(
  { db, actor }: { db: Db; actor: Actor },
  { add, remove }: { add: string[]; remove: string[] },
): Promise<ChangedHosts> {
  authorise(actor, 'change settings', 'admin');
  return changing({ db, actor }, async (transaction) => {
    const before = (await lockSetting(transaction, httpHosts))?.value ?? null;
    const known = hostsIn(before);
    const kept = [...new Set([...known, ...add])].filter((host) => !remove.includes(host));
    const after = kept.length > 0 ? kept : null;
    if (after === null) await removeSetting(transaction, httpHosts);
    else
      await writeSetting(transaction, { key: httpHosts, value: after, by: storable(actor.name) });
    return { before, after, absent: remove.filter((host) => !known.includes(host)) };
  });
}

/** The hosts of a stored list, which may be anything. */
export const hostsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
