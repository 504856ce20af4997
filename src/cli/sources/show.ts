import { printable } from '../../ground/text.ts';
import { showSource as read, type ShownDelivery } from '../../services/sources/read.ts';
import { sayLacks } from './lacks.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, relative, say } from '../terminal/print.ts';

export const showSource = (name: string, options: { limit: number; json?: true }): Promise<void> =>
  withDatabase(async ({ db, config }) => {
    const source = await read(db, config, { name, limit: options.limit });
    if (options.json) return printJson(source);
    const now = new Date();
    say(`${printable(source.name)}: ${source.kind}, its bot is ${source.status}`);
    say(`  address   ${printable(source.url)}`);
    say(`  secrets   ${source.secrets.map(printable).join(', ') || 'none'}`);
    say(
      `  taken     ${source.problem === null ? 'yes' : `no: ${printable(source.problem)}`}`,
      '            ',
    );
    sayLacks(source);
    say(`  received  ${source.deliveries}, of which ${source.unread} wait for a run`);
    say('To be set at the sender:');
    for (const line of source.set_up) say(`  - ${printable(line)}`, '    ');
    if (source.newest.length === 0) return say('Nothing has arrived yet.');
    say('Newest deliveries:');
    for (const delivery of source.newest) say(`  ${inWords(delivery, now)}`, '    ');
  });

function inWords(delivery: ShownDelivery, now: Date): string {
  const { number, received_at, event, secret, firing, resolved, ignored, read } = delivery;
  const what =
    ignored === null
      ? firing + resolved === 0
        ? 'says nothing about an alarm'
        : `${firing} firing, ${resolved} resolved`
      : `not read: ${printable(ignored)}`;
  return `${number}  ${relative(received_at, now)}  ${printable(event)}, by ${printable(secret)}: ${what}${read ? '' : ' (waits for a run)'}`;
}
