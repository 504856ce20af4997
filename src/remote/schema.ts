/** The contracts of remote bots as JSON Schema (2020-12): docs/remote-bots.schema.json. */
import { z } from 'zod';
import { acceptedAnswer, cronAnswer, signedAnswer } from './answer.ts';
import { requestDocument } from './document.ts';

const parts = { request: requestDocument, signedAnswer, acceptedAnswer, cronAnswer };

export function remoteSchema(): object {
  const definitions = Object.entries(parts).map(([name, schema]) => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
    return [name, rest];
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'What a remote bot is asked, and what it answers (docs/remote-bots.md)',
    $defs: Object.fromEntries(definitions) as object,
  };
}
