/** What commands say about a finding whose check counts events. */
import { moment } from '../terminal/print.ts';

/** Since when events count, and that they are too few for a verdict; null where a verdict does not wait for events. */
export const tooFewInWords = (since: Date | null, now: Date): string | null =>
  since &&
  `only events from ${moment(since, now)} on count; there were too few since then to tell whether the finding is gone`;

/** How the findings of a ticket are resolved, after a person has resolved the ticket. */
export const resolvesInWords = (of: 'storm' | 'events' | 'state'): string =>
  ({
    storm: 'Each of its findings resolves when its check sees that it is gone',
    events:
      'Its check counts events, and from now on only new ones: its finding resolves when the check has seen enough good ones',
    state: 'Its finding resolves at the next clean check',
  })[of];
