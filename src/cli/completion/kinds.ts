/** What may be typed for an argument or an option that has no choices of its own. */
import type { NameKind } from '../../services/completion/names.ts';

/** `file`: a path; `free`: a person's own words or figures, for which nothing can be offered; `fault`: not in the database. */
export type ValueKind = NameKind | 'fault' | 'file' | 'free';

/** Arguments by the noun of their command, and their name. */
const kindsOfArguments: Record<string, Record<string, ValueKind>> = {
  round: { bot: 'bot' },
  bots: { name: 'bot', bot: 'bot', file: 'file' },
  runs: { id: 'run' },
  findings: { id: 'finding' },
  errors: { group: 'group' },
  tickets: {
    ticket: 'ticket',
    'tickets-and-severity': 'ticket',
    knowledge: 'knowledge',
    who: 'person',
  },
  knowledge: { name: 'knowledge' },
  actions: { id: 'action' },
  silences: { id: 'silence' },
  maintenance: { id: 'window' },
  notify: { ticket: 'ticket', channel: 'channel', file: 'file' },
  policy: { file: 'file' },
  secrets: { name: 'secret' },
  sources: { name: 'source' },
  import: { file: 'file' },
  init: { directory: 'file' },
  jobs: { name: 'job', id: 'job-run' },
  db: { backup: 'file', file: 'file' },
};

/** Commands whose name has to be a new one: a name that exists would be refused. */
const takingNewNames = new Set([
  'bots add',
  'bots new',
  'knowledge add',
  'secrets set',
  'sources add',
]);

const kindsOfOptions: Record<string, ValueKind> = {
  '--bot': 'bot',
  '--component': 'component',
  '--category': 'category',
  '--assigned-to': 'person',
  '--with': 'knowledge',
  '--into': 'ticket',
  '--after': 'ticket',
  '--channel': 'channel',
  '--secret': 'secret',
  '--drop': 'secret',
  '--fault': 'fault',
  '--file': 'file',
  '--identity': 'file',
  '--folder': 'file',
  '--to-folder': 'file',
  '--settings': 'file',
  '--notes-file': 'file',
  '--solution-file': 'file',
};

/** `command`: as it is typed, such as `tickets show`; `argument` without its brackets, in the plural or not. */
export const kindOfArgument = (command: string, argument: string): ValueKind => {
  if (takingNewNames.has(command) && argument === 'name') return 'free';
  const ofNoun = kindsOfArguments[command.split(' ')[0]!] ?? {};
  return ofNoun[argument] ?? ofNoun[argument.replace(/s$/, '')] ?? 'free';
};

/** `command`: as it is typed, such as `tickets merge`. */
export const kindOfOption = (command: string, flag: string): ValueKind =>
  command === 'errors merge' && flag === '--into' ? 'group' : (kindsOfOptions[flag] ?? 'free');

/** What a setting takes beside figures and texts of a person: words, or a path. Null: there is nothing to offer, or it is no setting. */
export function kindOfSetting(name: string): readonly string[] | 'file' | null {
  if (name === 'backup_folder') return 'file';
  if (name === 'maintenance_hours') return ['off'];
  // Backups cannot be kept for ever.
  return name.endsWith('_keep_days') && name !== 'backup_keep_days' ? ['keep'] : null;
}
