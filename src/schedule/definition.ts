import type { Catalogue } from '../catalogue/catalogue.ts';
import { parseSchedule, type Schedule } from './cron.ts';

/** The columns of `bots` that say what runs, and when. */
export interface Definition {
  schedule_cron: string;
  timezone: string;
  api_endpoint: string;
  config: unknown;
}

/**
 * Checks whether a bot can run as its row says: the schedule, the endpoint and the config, in this order. Returns its
 * schedule; throws BadScheduleError or BadDefinitionError that names the field.
 */
export function inspectDefinition(definition: Definition, catalogue: Catalogue): Schedule {
  const schedule = parseSchedule(definition.schedule_cron, definition.timezone);
  catalogue.resolve(definition.api_endpoint, definition.config);
  return schedule;
}
