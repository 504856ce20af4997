import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { changeHosts, hostsIn } from '../../services/settings/change-hosts.ts';
import {
  changeSetting,
  clearSetting,
  settingOf,
  showSettings as read,
  type SettingRow,
} from '../../services/settings/change.ts';
import type { SettingName } from '../../services/settings/kinds/index.ts';
import { actorOf } from '../arguments/actor.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { isData, printDocument } from '../listing/document.ts';
import { list, type Column } from '../listing/list.ts';
import { withDatabase } from '../session/database.ts';
import { note, say } from '../terminal/print.ts';

interface SettingsOptions extends ListOptions {
  as?: string;
  add?: string;
  remove?: string;
  unset?: true;
}

const inWords = (value: unknown): string =>
  printable(
    Array.isArray(value) && value.every((each) => typeof each === 'string')
      ? value.join(',')
      : typeof value === 'string'
        ? value
        : JSON.stringify(value),
  );

const columns: Column<SettingRow>[] = [
  { name: 'name', head: 'Setting', cell: ({ name }) => name },
  {
    name: 'value',
    head: 'Is',
    cell: ({ value }) => (value === null ? 'not set' : inWords(value)),
    cellForPrograms: ({ value }) => (value === null ? null : inWords(value)),
  },
  { name: 'meaning', head: 'What', cell: ({ meaning }) => meaning },
];

const asDocument = (rows: SettingRow[]) =>
  Object.fromEntries(rows.map(({ name, value }) => [name, value]));

/** Whether it is an age of rows, by which the job retention removes them. */
const isAge = (name: SettingName): boolean =>
  name.endsWith('_keep_days') && name !== 'backup_keep_days';

/** All settings, or the named one. */
export async function showSettings(
  name: SettingName | undefined,
  options: SettingsOptions,
): Promise<void> {
  if (options.as !== undefined)
    throw new UsageError({
      what: 'no setting was changed',
      why: '--as belongs to a change, and no value was given',
      hint: 'for example `npx roundsman settings http_hosts hooks.example.com --as ann`',
    });
  await withDatabase(async ({ db }) => {
    const rows = await read(db, name);
    if (isData(options)) return printDocument(asDocument(rows), options);
    await list({ options, rows, columns, empty: '', neverCut: ['value', 'meaning'] });
  });
}

export async function setSetting(
  name: SettingName,
  text: string,
  options: SettingsOptions,
): Promise<void> {
  const value = settingOf(name, text);
  await withDatabase(async ({ db }) => {
    const actor = actorOf(options.as);
    const { before, unanswered, unfit, unproven } = await changeSetting(
      { db, actor },
      { name, value },
    );
    if (unanswered)
      note(
        `it gives this machine no answer: ${printable(unanswered)}. While it gives workers none, checks that look outside find nothing`,
      );
    if (unfit)
      note(
        `on this host it could not be used: ${printable(unfit)}. The hosts of the workers need it`,
      );
    if (unproven)
      note(
        `${printable(`${unproven.what}: ${unproven.why}`)}. To have them proven: ${unproven.hint}`,
      );
    if (isData(options)) return printDocument(asDocument(await read(db, name)), options);
    say(
      before === null
        ? `${name} is ${inWords(value)} now, it was not set.`
        : `${name} is ${inWords(value)} now, it was ${inWords(before)}.`,
    );
    if (isAge(name)) say('What would go now: `npx roundsman retention preview`.');
    const gone = hostsIn(before).filter((host) => !hostsIn(value).includes(host));
    if (gone.length > 0)
      say(
        `No longer in it: ${inWords(gone)}. To put back: \`npx roundsman settings ${name} --add ${inWords(gone)}\`.`,
      );
  });
}

/** `--add` and `--remove` */
export async function changeHostList(
  name: SettingName | undefined,
  value: string | undefined,
  options: SettingsOptions,
): Promise<void> {
  const why =
    name !== 'http_hosts'
      ? '--add and --remove are for the list http_hosts'
      : value !== undefined
        ? 'a value replaces the whole list, and --add and --remove change it'
        : options.unset
          ? '--unset takes the whole list away'
          : null;
  if (why !== null)
    throw new UsageError({
      what: 'no setting was changed',
      why,
      hint: 'for example `npx roundsman settings http_hosts --add 10.0.0.5:8080`',
    });
  const hosts = (text: string | undefined) =>
    text === undefined ? [] : hostsIn(settingOf('http_hosts', text));
  const change = { add: hosts(options.add), remove: hosts(options.remove) };
  await withDatabase(async ({ db }) => {
    const actor = actorOf(options.as);
    const { before, after, absent } = await changeHosts({ db, actor }, change);
    if (absent.length > 0) note(`http_hosts did not have ${inWords(absent)}`);
    if (isData(options)) return printDocument(asDocument(await read(db, 'http_hosts')), options);
    const was = before === null ? 'it was not set' : `it was ${inWords(before)}`;
    say(`http_hosts is ${after === null ? 'not set' : inWords(after)} now, ${was}.`);
  });
}

/** `--unset` */
export async function unsetSetting(
  name: SettingName | undefined,
  value: string | undefined,
  options: SettingsOptions,
): Promise<void> {
  if (name === undefined || value !== undefined)
    throw new UsageError({
      what: 'no setting was changed',
      why: name === undefined ? '--unset needs the name of one' : '--unset takes no value',
      hint: 'for example `npx roundsman settings connectivity_url --unset`',
    });
  await withDatabase(async ({ db }) => {
    const wasSet = await clearSetting({ db, actor: actorOf(options.as) }, name);
    if (isData(options)) return printDocument(asDocument(await read(db, name)), options);
    say(wasSet ? `${name} is not set any more.` : `${name} is not set.`);
  });
}
