import { checkDocument } from '../../notify/document.ts';
import { setNotifications } from '../../notify/set.ts';
import { refuseAbsent, type Reverter, type Wanted } from './reverter.ts';

export const notificationsReverter: Reverter = {
  columns: null,
  async consequences({ db }, wanted) {
    const { settings, warnings } = await checkDocument(db, textOf(wanted));
    const channels = Object.keys(settings.channels);
    const present = wanted.present?.value as { channels?: object } | undefined;
    const gone = Object.keys(present?.channels ?? {}).filter((name) => !channels.includes(name));
    return [
      ...gone.map((name) => `the channel ${name} goes: messages that wait for it are not sent`),
      ...warnings,
    ];
  },
  write: (context, wanted) => setNotifications(context, textOf(wanted)),
};

/** JSON is YAML: the document is checked as one that a person gives. */
function textOf(wanted: Wanted): { text: string; place: string } {
  if (!wanted.definition)
    throw refuseAbsent(wanted, '`npx roundsman notify set` sets other notifications');
  return {
    text: JSON.stringify(wanted.definition.value, null, 1),
    place: `version ${wanted.version}`,
  };
}
