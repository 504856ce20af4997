import type { z } from 'zod';
import type { AnyCheck } from './event-check.ts';

/** An entry of `bot_knowledge` that comes with the catalogue. */
export interface KnowledgeSeed {
  /** unique; lower case, digits, dots and dashes */
  name: string;
  category: string;
  /** RE2 syntax, matched case-insensitively over title, description and component */
  pattern: string;
  /** prose, or a playbook in YAML (docs/remedies.md) */
  solution: string;
  autonomy: 'shadow' | 'suggest' | 'auto';
}

export interface Bot<Config = unknown> {
  /** bots.name; the endpoint is `/api/bots/<name>` */
  name: string;
  displayName: string;
  description: string;
  /** five cron fields, the default for `schedule_cron` */
  schedule: string;
  timeoutSeconds?: number;
  /** How often a check has to fail in a row before its finding opens, 1 to 20; the default for `confirm`, else 1. */
  confirm?: number;
  /** How often a check has to be clean in a row before its finding resolves, 1 to 20; the default for `clear`, else 1. */
  clear?: number;
  /**
   * Tables of the schema document, other than the bots', that its checks read. Where only the bots are installed
   * (`db migrate --only bots`) such a bot stays disabled, whatever tables the platform has under these names.
   */
  needs?: readonly string[];
  /**
   * Why a new database gets it paused, and what to do before it is resumed: it can do nothing until a person has set it up. Not
   * together with `needs`.
   */
  shipsPaused?: string;
  /**
   * Names of stored secrets that its checks may read (`context.secret`). They reach only the child process that runs its checks,
   * and their values are removed from all that the checks return, throw or print.
   */
  secrets?: readonly string[];
  /** Which of `secrets` a config has its checks read, where that depends on it; without this function all of them. */
  secretsFor?(config: Config): readonly string[];
  /**
   * All of its checks look at something outside of the platform's database: a server, a certificate, an API. What they report
   * counts only while the address of the setting `connectivity_url` answers this machine; else they are skipped.
   */
  looksOutside?: true;
  /**
   * The schema of bots.config; `{}` must fit it, so give every setting a default. People see each setting with its
   * bounds, its default and its `.describe()`.
   */
  config: z.ZodType<Config>;
  /**
   * For each component, the components of any bot that it cannot work without. While one of these has an open finding,
   * findings about the component are recorded, and no remedy acts on them; they get no ticket of their own where the ticket of
   * that open finding is at least as severe. A bot's setting `depends_on` adds more of the same kind.
   */
  dependsOn?: Record<string, string[]>;
  checks: AnyCheck<Config>[];
  knowledge?: KnowledgeSeed[];
}

/** What is wrong with an endpoint for which a catalogue has no bot, after the endpoint. */
export const namesNoBot = 'names no bot of the catalogue';

const prefixes = ['/api/bots/', 'bot:'];

/** The name of the bot of the catalogue that an endpoint names; undefined where it names none. It may be an unknown name. */
export function catalogueNameIn(endpoint: string): string | undefined {
  const prefix = prefixes.find((start) => endpoint.startsWith(start));
  return prefix === undefined ? undefined : endpoint.slice(prefix.length);
}

/**
 * The names of the secrets that a bot of the catalogue asks for with this config (`bots.config`); all that it may ask for where the
 * config does not fit, because then no check runs.
 */
export function secretsAskedBy(bot: Bot | undefined, config: unknown): readonly string[] {
  const all = bot?.secrets ?? [];
  if (!bot?.secretsFor) return all;
  const { depends_on: _, ...own } = (config ?? {}) as Record<string, unknown>;
  const read = bot.config.safeParse(own);
  return read.success ? bot.secretsFor(read.data).filter((name) => all.includes(name)) : all;
}

/** Keeps a bot's own config type inside its file. */
export const defineBot = <Config>(bot: Bot<Config>): Bot => bot as Bot;
