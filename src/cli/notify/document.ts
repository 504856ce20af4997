import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { checkDocument } from '../../services/notify/document.ts';
import { removedInWords, setNotifications } from '../../services/notify/set.ts';
import { showNotifications } from '../../services/notify/show.ts';
import { actorOf } from '../arguments/actor.ts';
import { nameOf, textOf } from '../arguments/file-text.ts';
import { withDatabase } from '../session/database.ts';
import { counted, json, note, paint, put, relative, say } from '../terminal/print.ts';

/** A longer text is no document that a person has written. */
const mostBytes = 256 * 1024;

const unusable = (place: string, why: string, cause?: unknown): UsageError =>
  new UsageError(
    {
      what: `${printable(place)} cannot be read`,
      why: printable(why),
      hint: 'name a file of text in YAML, or - for standard input',
    },
    { cause },
  );

/** The document in a file, and how errors call that file. */
const read = async (file: string) => ({
  text: await textOf(file, mostBytes, unusable),
  place: nameOf(file),
});

const tell = (warnings: readonly string[]): void => {
  for (const warning of warnings) note(printable(warning));
};

export async function checkFile(file: string, options: { json?: true }): Promise<void> {
  const given = await read(file);
  await withDatabase(async ({ db }) => {
    const { document, settings, warnings } = await checkDocument(db, given);
    if (options.json) return json({ document, warnings });
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
    if (options.json) return json(set);
    tell(set.warnings);
    for (const each of set.removed) say(printable(removedInWords(each)));
    for (const name of set.switched_on) say(`The channel ${printable(name)} is on again.`);
    say(
      'The notifications are set, from the next event on. Try a channel: npx roundsman notify test NAME',
    );
  });
}

export const showDocument = (options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { document, channels } = await showNotifications(db);
    if (options.json) return json({ notifications: document, channels });
    if (document === null)
      return say(
        'No channels are set up: people are told of nothing. `npx roundsman notify set FILE` sets them; docs/notifications.md shows a document.',
      );
    const { stringify } = await import('yaml');
    put(stringify(document, { lineWidth: 0 }).trimEnd().split('\n').map(printable).join('\n'));
    // As comments of the document, so that what is shown can be edited and set.
    for (const { name, off_since, off_reason, pending } of channels) {
      if (off_since !== null)
        say(
          `# ${paint('red', 'off')}: ${name}, ${relative(off_since, new Date())}: ${printable(off_reason ?? '')}; npx roundsman notify retry ${name}`,
          '# ',
        );
      if (pending > 0)
        say(`# ${counted(pending, 'message')} wait${pending === 1 ? 's' : ''} for ${name}`, '# ');
    }
  });
