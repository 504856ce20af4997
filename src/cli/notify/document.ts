import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { checkDocument } from '../../services/notify/document.ts';
import { removedInWords, setNotifications } from '../../services/notify/set.ts';
import { showNotifications } from '../../services/notify/show.ts';
import { actorOf } from '../arguments/actor.ts';
import { nameOf, textOf } from '../terminal/file-text.ts';
import { withDatabase } from '../session/database.ts';
import { counted, printJson, note, put, say } from '../terminal/print.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument as showAsData, isData } from '../listing/document.ts';
import { whyBlocked } from './words.ts';

/** A text that is longer was not written by a person. */
const maxBytes = 256 * 1024;

const unusable = (place: string, why: string, cause?: unknown): UsageError =>
  new UsageError(
    {
      what: `${printable(place)} cannot be read`,
      why: printable(why),
      hint: 'name a file of text in YAML, or - for standard input',
    },
    { cause },
  );

/** The document in a file, and what errors call that file. */
const read = async (file: string) => ({
  text: await textOf(file, maxBytes, unusable),
  place: nameOf(file),
});

const tell = (warnings: readonly string[]): void => {
  for (const warning of warnings) note(printable(warning));
};

export async function checkFile(file: string, options: ShowOptions): Promise<void> {
  const given = await read(file);
  await withDatabase(async ({ db }) => {
    const { document, settings, warnings } = await checkDocument(db, given);
    if (isData(options)) return showAsData({ document, warnings }, options);
    tell(warnings);
    say(
      `${printable(given.place)} can be set: ${counted(Object.keys(settings.channels).length, 'channel')}, ${counted(settings.routes.length, 'route')}.`,
    );
  });
}

export async function setDocument(
  file: string,
  options: { as?: string; json?: true },
): Promise<void> {
  const given = await read(file);
  await withDatabase(async ({ db }) => {
    const set = await setNotifications({ db, actor: actorOf(options.as) }, given);
    if (options.json) return printJson(set);
    tell(set.warnings);
    for (const each of set.removed) say(printable(removedInWords(each)));
    for (const name of set.switched_on) say(`The channel ${printable(name)} is on again.`);
    say(
      'The notifications are set, from the next event on. Try a channel: npx roundsman notify test NAME',
    );
  });
}

export const showDocument = (options: ShowOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { document, text, unusable, channels, report } = await showNotifications(db);
    if (unusable !== null)
      note(
        `it cannot be used, and people are told of nothing until it can: ${printable(unusable)}`,
      );
    if (isData(options))
      return showAsData({ notifications: document, unusable, channels, report }, options);
    if (text === null)
      return say(
        'No channels are set up: people are told of nothing. `npx roundsman notify set FILE` sets them; docs/notifications.md shows a document.',
      );
    put(text);
    // These lines are comments of the document, so that the output can be edited and set again.
    say(reportInWords(report), '# ');
    for (const channel of channels) {
      const passing = whyBlocked(channel, new Date());
      if (passing !== null) say(`# ${passing}`, '# ');
      const { name, pending } = channel;
      if (pending > 0)
        say(`# ${counted(pending, 'message')} wait${pending === 1 ? 's' : ''} for ${name}`, '# ');
    }
  });

const reportInWords = (report: Awaited<ReturnType<typeof showNotifications>>['report']): string =>
  report && report.channels.length > 0
    ? `# The morning report is made at ${report.at} (${report.timezone}), for ${report.channels.join(', ')}`
    : '# No morning report is sent: no route has report: true';
