import { printable } from '../../ground/text.ts';
import { previewTicket } from '../../services/notify/preview.ts';
import { withDatabase } from '../session/database.ts';
import { put, say, section } from '../terminal/print.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

export const preview = (
  ticket: string,
  options: ShowOptions & { channel?: string },
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const shown = await previewTicket(db, { ticket, channel: options.channel });
    if (isData(options)) return printDocument(shown, options);
    if (shown.length === 0)
      return say(
        'No channels are set up: people are told of nothing. `npx roundsman notify set FILE` sets them.',
      );
    for (const { channel, kind, text } of shown) {
      section(`${printable(channel)} (${kind})`);
      put(text.split('\n').map(printable).join('\n'));
    }
  });
