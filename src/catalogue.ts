import type { Bot, Remedy } from './bot.ts';
import { UsageError } from './errors.ts';

/** A bot's row says something that cannot run; `why` begins with the field. */
export class BadDefinitionError extends UsageError {
  constructor(field: string, why: string, hint: string) {
    super({ what: 'this bot cannot run as it is defined', why: `${field}: ${why}`, hint });
  }
}

/** All that bots/ brings along, found by the names that rows use. */
export interface Catalogue {
  readonly bots: readonly Bot[];
  /** The bot behind `bots.api_endpoint`, with `bots.config` as its own schema reads it. Throws {@link BadDefinitionError}. */
  resolve(endpoint: string, config: unknown): { bot: Bot; config: unknown };
  remedy(name: string): Remedy | undefined;
}

const prefixes = ['/api/bots/', 'bot:'];

export function catalogueOf(bots: readonly Bot[], remedies: readonly Remedy[]): Catalogue {
  const byName = new Map(bots.map((bot) => [bot.name, bot]));
  const remediesByName = new Map(remedies.map((remedy) => [remedy.name, remedy]));
  const names = [...byName.keys()].join(', ');

  return {
    bots,
    remedy: (name) => remediesByName.get(name),
    resolve(endpoint, config) {
      const prefix = prefixes.find((start) => endpoint.startsWith(start));
      const bot = prefix && byName.get(endpoint.slice(prefix.length));
      if (!bot)
        throw new BadDefinitionError(
          'api_endpoint',
          `${endpoint} names no bot of the catalogue`,
          `give ${prefixes[0]}<name> with one of: ${names}`,
        );
      const parsed = bot.config.safeParse(config);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        throw new BadDefinitionError(
          ['config', ...issue!.path.map(String)].join('.'),
          issue!.message,
          `give all of it as this bot takes it: --config '{...}'`,
        );
      }
      return { bot, config: parsed.data };
    },
  };
}
