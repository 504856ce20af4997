/** Finds groups of errors that are new, spike or came back. */
import { sql } from '../../src/bot.ts';
import type { EventContext, EventResult } from '../../src/bot.ts';
import { countEvents } from '../parts/count-events.ts';
import { number, shortened } from '../parts/in-words.ts';
import { counted, details, isFloodOfTypes, tables, type Told } from './ask.ts';
import type { Config } from './config.ts';

export const findErrorGroups = (config: Config, context: EventContext): Promise<EventResult> =>
  countEvents<Told>(
    context,
    {
      tables: tables(config, context),
      counted: counted(config, context),
      details: details(context),
      wrong: sql`bad > 0 AND (kind IS NOT NULL OR spikes)`,
      badAlone: true,
      // A finding lasts as long as its errors come: after some weeks most groups that occur have one.
      unrelated: true,
      worst: sql`spikes AND kind IS DISTINCT FROM 'new' DESC, groups > 1 DESC, kind = 'back' DESC, bad DESC`,
      max: config.max_findings,
      keys: sql`SELECT count(*)::int FROM present`,
      figures: ({ keys, wrong, bad }) => [
        { name: 'groups with errors', value: keys },
        { name: 'groups that are new, spike or came back', value: wrong },
        { name: 'errors', value: bad },
      ],
    },
    (told) => ({
      severity: severityOf(config, told),
      category: 'errors',
      title: titleOf(config, told),
      description: descriptionOf(told),
      component:
        !isOne(told) && isFloodOfTypes(told)
          ? 'errors of many types'
          : shortened(told.error_type) || noType,
      metadata: {
        kind: told.kind ?? 'spikes',
        ...(isOne(told) ? { group: told.key } : { groups: told.groups }),
        template: told.template,
        errors: told.bad,
        last_hour: told.hour,
        usual_hour: usualOf(told),
      },
    }),
  );

/** Platforms may write errors with an empty type, and messages without any word. */
const noType = 'errors without a type';

const wordsOf = ({ template, template_kind }: Told): string =>
  template_kind === 'text'
    ? `contains ${JSON.stringify(template)}`
    : template_kind === 'fingerprint'
      ? `fingerprint ${JSON.stringify(template)}`
      : template || 'messages without words';

const isOne = ({ groups, flood }: Told): boolean => groups === 1 && !flood;

const usualOf = ({ usual }: Told): number => Math.round(usual * 10) / 10;

const times = (count: number, one: string): string =>
  `${number(count)} ${one}${count === 1 ? '' : 's'}`;

/** One of the groups of a flood may hold the messages that are not told apart. */
const kindsOf = ({ groups, flood }: Told): string =>
  !flood
    ? times(groups, 'kind')
    : groups > 1
      ? `more than ${times(groups - 1, 'kind')}`
      : 'many kinds';

function titleOf(config: Config, told: Told): string {
  const { error_type, kind, spikes, bad, hour } = told;
  if (!isOne(told)) {
    const where = isFloodOfTypes(told) ? 'of many types' : error_type;
    return `Flood of different errors: ${where}, ${times(bad, 'error')} of ${kindsOf(told)}`;
  }
  const begin =
    kind === 'back'
      ? 'Error came back'
      : kind !== 'new'
        ? 'Error spikes'
        : // No advice is for a rare one, because advice opens a ticket for a low finding, too.
          severityOf(config, told) === 'low'
          ? 'Rare new error'
          : 'New error';
  const rate =
    // A new error that is frequent at once has no earlier mean to compare with.
    spikes && kind !== 'new'
      ? `, ${number(hour)} in an hour, ${number(usualOf(told))} are usual`
      : `, ${times(bad, 'time')}`;
  const room = 200 - begin.length - 2 - rate.length;
  return `${begin}: ${shortened(`${error_type || 'no type'}: ${wordsOf(told)}`, room)}${rate}`;
}

function descriptionOf(told: Told): string {
  const first = `${told.first_seen_at.slice(0, 16).replace('T', ' ')} UTC`;
  if (!isOne(told))
    return (
      `Since ${first} there have been too many different errors to report each of them. ` +
      `\`npx roundsman errors list --since 24h${isFloodOfTypes(told) ? '' : ` --type ${quoted(told.error_type)}`}\` lists them.`
    );
  const { key, users } = told;
  const met =
    users > 0
      ? `, and ${number(users)}${users >= 100 ? ' or more' : ''} signed-in ${users === 1 ? 'user' : 'users'} met it`
      : '';
  return (
    `Group ${key} had its first error at ${first}${met}. ` +
    `\`npx roundsman errors show ${key}\` shows an example, its stack frames and its releases.`
  );
}

/** For a shell, whatever the type contains. */
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function severityOf({ medium_errors }: Config, { kind, spikes, bad }: Told) {
  if (spikes && kind !== 'new') return 'high';
  return kind === 'back' || bad >= medium_errors ? 'medium' : 'low';
}
