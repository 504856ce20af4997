import { describe, expect, it } from 'vitest';
import {
  BadScheduleError,
  cronInWords,
  nextSlot,
  parseSchedule,
  rememberedNextSlot,
  rememberedSchedule,
  slotsBetween,
  slotsMissed,
} from '../../src/schedule/cron.ts';
import { UsageError } from '../../src/ground/errors.ts';

/** '2026-11-01 01:00' as the zone's clocks show it. */
function wallOf(instant: Date, zone: string): string {
  const format = { timeZone: zone, dateStyle: 'short', timeStyle: 'short' } as const;
  return new Intl.DateTimeFormat('sv-SE', format).format(instant);
}

function walls(text: string, zone: string, after: string, until: string): string[] {
  const slots = slotsBetween(parseSchedule(text, zone), new Date(after), new Date(until), 1000);
  return slots.map((slot) => wallOf(slot, zone));
}

function instants(text: string, zone: string, after: string, count: number): string[] {
  const far = new Date('2200-01-01T00:00Z');
  const slots = slotsBetween(parseSchedule(text, zone), new Date(after), far, count);
  return slots.map((slot) => slot.toISOString().slice(0, 16));
}

function refusal(text: string, timezone?: string): BadScheduleError {
  try {
    parseSchedule(text, timezone);
  } catch (error) {
    if (error instanceof BadScheduleError) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
}

describe('a schedule', () => {
  it('is five fields, in UTC unless a timezone is given', () => {
    expect(instants('*/5 * * * *', 'UTC', '2026-05-05T05:05Z', 2)).toEqual([
      '2026-05-05T05:10',
      '2026-05-05T05:15',
    ]);
    expect(instants('30 9 * * 1-5', 'Asia/Kolkata', '2026-05-08T05:00Z', 1)).toEqual([
      '2026-05-11T04:00',
    ]);
    expect(parseSchedule(' 0  9 * JAN-mar Mon ').fields).toBe('0 9 * JAN-MAR MON');
  });

  it('may be a word', () => {
    const meant = {
      '@yearly': '2027-01-01T00:00',
      '@annually': '2027-01-01T00:00',
      '@monthly': '2026-06-01T00:00',
      '@weekly': '2026-05-10T00:00',
      '@daily': '2026-05-06T00:00',
      '@midnight': '2026-05-06T00:00',
      '@Hourly': '2026-05-05T06:00',
    };
    for (const [word, first] of Object.entries(meant))
      expect(instants(word, 'UTC', '2026-05-05T05:05Z', 1)).toEqual([first]);
  });

  it('may carry its zone in a CRON_TZ prefix, which wins over the timezone', () => {
    const schedule = parseSchedule('CRON_TZ=europe/berlin 0 9 * * *', 'America/New_York');
    expect(schedule).toMatchObject({ zone: 'Europe/Berlin', fields: '0 9 * * *' });
    expect(schedule.text).toBe('CRON_TZ=europe/berlin 0 9 * * *');
    expect(nextSlot(schedule, new Date('2026-07-01T00:00Z'))).toEqual(
      new Date('2026-07-01T07:00Z'),
    );
    expect(parseSchedule('CRON_TZ=Asia/Tokyo @daily', 'no zone').zone).toBe('Asia/Tokyo');
  });

  it('keeps the name of its zone, in the usual spelling', () => {
    expect(parseSchedule('@daily', 'america/new_york').zone).toBe('America/New_York');
    expect(parseSchedule('@daily', 'utc').zone).toBe('UTC');
    expect(parseSchedule('@daily', 'Europe/Kyiv').zone).toBe('Europe/Kyiv');
    expect(parseSchedule('@daily', 'Etc/GMT+5').zone).toBe('Etc/GMT+5');
  });

  it('fires on the day of month or the weekday when both are set', () => {
    expect(instants('0 9 1 * 1', 'UTC', '2026-06-25T00:00Z', 4)).toEqual([
      '2026-06-29T09:00',
      '2026-07-01T09:00',
      '2026-07-06T09:00',
      '2026-07-13T09:00',
    ]);
    // cron-parser alone takes */1 for a restriction and would fire every day
    expect(instants('0 9 1 * */1', 'UTC', '2026-06-25T00:00Z', 2)).toEqual([
      '2026-07-01T09:00',
      '2026-08-01T09:00',
    ]);
  });

  it('knows leap days, last days and the nth weekday, however rare', () => {
    expect(instants('0 0 29 2 *', 'UTC', '2026-01-01T00:00Z', 2)).toEqual([
      '2028-02-29T00:00',
      '2032-02-29T00:00',
    ]);
    expect(instants('0 0 29 2 *', 'UTC', '2096-03-01T00:00Z', 1)).toEqual(['2104-02-29T00:00']);
    expect(instants('0 0 * 2 1#5', 'UTC', '2073-01-01T00:00Z', 1)).toEqual(['2112-02-29T00:00']);
    expect(instants('0 0 L * *', 'UTC', '2028-02-01T00:00Z', 2)).toEqual([
      '2028-02-29T00:00',
      '2028-03-31T00:00',
    ]);
    expect(instants('0 0 * * fril', 'UTC', '2026-05-01T00:00Z', 1)).toEqual(['2026-05-29T00:00']);
  });

  it('says itself in words, with its zone', async () => {
    expect(await cronInWords(parseSchedule('*/5 * * * *'))).toBe('Every 5 minutes (UTC)');
    expect(await cronInWords(parseSchedule('CRON_TZ=Europe/Berlin @daily'))).toBe(
      'At 00:00 (Europe/Berlin)',
    );
  });
});

describe('parseSchedule', () => {
  it('refuses text that is no schedule and says what, why and what to try', () => {
    const error = refusal('0 0 30 2 *');
    expect(error).toBeInstanceOf(UsageError);
    expect(error.field).toBe('schedule_cron');
    expect(error.what).toBe('"0 0 30 2 *" is not a valid schedule');
    expect(error.why).toBe('schedule_cron: it never fires: no month that it names has such a day');
    expect(error.hint).toContain('write L');
  });

  it.each([
    ['', 'it is empty'],
    ['   ', 'it is empty'],
    ['CRON_TZ=UTC ', 'it is empty'],
    ['* * * *', '4 fields instead of 5'],
    ['0 * * * * *', '6 fields instead of 5'],
    ['TZ=UTC 0 * * * *', '6 fields instead of 5'],
    ['H * * * *', 'is random (H)'],
    ['0 H(1-5) * * *', 'is random (H)'],
    ['0 0 H/3 * *', 'is random (H)'],
    ['0 0 31 2,4,6 *', 'it never fires'],
    ['0 0 30,31 2 *', 'it never fires'],
    ['@reboot', 'the word is not known'],
    ['@secondly', 'the word is not known'],
    ['@weekdays', 'the word is not known'],
    ['@constructor', 'the word is not known'],
    ['0 0 ? * 1', 'the day of month field "?" cannot be read'],
    ['0 0 15W * *', 'the day of month field "15W" cannot be read'],
    ['0 0 L-3 * *', 'the day of month field "L-3" cannot be read'],
    ['0 0 * * monday', 'the weekday field "MONDAY" cannot be read'],
    ['0 0 * mon *', 'the month field "MON" cannot be read'],
    ['0 0 * * 1#6', 'the weekday field "1#6" cannot be read'],
    ['0 0 * * 8', 'the weekday field "8" cannot be read'],
    ['60 * * * *', 'minute cannot be 60: it goes from 0 to 59'],
    ['0 24 * * *', 'hour cannot be 24: it goes from 0 to 23'],
    ['0 0 0 * *', 'day of month cannot be 0: it goes from 1 to 31'],
    ['1, * * * *', 'cannot be read'],
    ['-1 * * * *', 'cannot be read'],
    ['0 0 * 13 *', 'month cannot be 13: it goes from 1 to 12'],
    ['10-75 * * * *', 'minute cannot be 75: it goes from 0 to 59'],
    ['*/0 * * * *', 'the minute field "*/0" has a step of 0'],
    ['*/90 * * * *', 'steps over all of its 60 values'],
    ['0 22-2 * * *', 'hour cannot go from 22 to 2: a range goes upwards'],
    ['0 0 * * fri-mon', 'weekday cannot go from FRI to MON'],
    ['0 0 * nov-feb *', 'month cannot go from NOV to FEB'],
    ['5,5 * * * *', 'names a value twice: 5'],
    ['0 0 */2 * 1', 'cron programs disagree'],
    ['0 0 1 * */2', 'cron programs disagree'],
    ['CRON_TZ=Mars/Base 0 0 * * *', 'unknown timezone, "Mars/Base"'],
    ['CRON_TZ= 0 0 * * *', 'unknown timezone, ""'],
    ['CRON_TZ=+05:00 0 0 * * *', 'unknown timezone, "+05:00"'],
  ])('refuses %j', (text, why) => {
    const error = refusal(text);
    expect(error.why).toContain(why);
    expect(error.field).toBe('schedule_cron');
    expect(error.hint).not.toBe('');
    expect(error.message.length).toBeLessThan(300);
  });

  it('refuses what is too long to be meant, and does not repeat all of it', () => {
    const error = refusal('1,'.repeat(600));
    expect(error.why).toContain('longer than 1024');
    expect(error.message.length).toBeLessThan(200);
  });

  it.each(['', '+05:00', '-0500', 'Mars/Base', 'GMT+5', 'localtime', 'UTC '])(
    'refuses the timezone %j',
    (timezone) => {
      const error = refusal('0 9 * * *', timezone);
      expect(error.field).toBe('timezone');
      expect(error.why).toBe('timezone: no such timezone is known');
    },
  );

  it('refuses elapsed time that the clocks always jump', () => {
    // the second Sunday of March, from 02:00 on, is New York's gap since 2007
    expect(refusal('*/5 2 * 3 0#2', 'America/New_York').why).toContain(
      'clocks of America/New_York',
    );
    expect(instants('0 2 * 3 0#2', 'America/New_York', '2026-01-01T00:00Z', 1)).toEqual([
      '2026-03-08T07:00',
    ]);
  });
});

describe('a wall time when clocks go forward', () => {
  it('runs once, at the first instant after the gap', () => {
    const night = ['2026-03-08T00:00Z', '2026-03-09T00:00Z'] as const;
    expect(walls('30 2 * * *', 'America/New_York', ...night)).toEqual(['2026-03-08 03:00']);
    expect(walls('15,45 2 * * *', 'America/New_York', ...night)).toEqual(['2026-03-08 03:00']);
    expect(walls('0 2,3 * * *', 'America/New_York', ...night)).toEqual(['2026-03-08 03:00']);
    expect(instants('30 2 * * *', 'America/New_York', '2026-03-08T06:59Z', 2)).toEqual([
      '2026-03-08T07:00',
      '2026-03-09T06:30',
    ]);
  });

  it('loses no day where the gap is half an hour', () => {
    expect(
      walls('15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T00:00Z', '2026-10-05T00:00Z'),
    ).toEqual(['2026-10-03 02:15', '2026-10-04 02:30', '2026-10-05 02:15']);
  });

  it('loses no day where days begin at 01:00', () => {
    expect(
      walls('0 0 * * *', 'America/Sao_Paulo', '2018-11-03T12:00Z', '2018-11-05T12:00Z'),
    ).toEqual(['2018-11-04 01:00', '2018-11-05 00:00']);
    expect(walls('@daily', 'Africa/Cairo', '2026-04-23T12:00Z', '2026-04-25T12:00Z')).toEqual([
      '2026-04-24 01:00',
      '2026-04-25 00:00',
    ]);
  });

  it('runs once at the end of a day that a country skips', () => {
    expect(walls('0 9,17 * * 5', 'Pacific/Apia', '2011-12-24T12:00Z', '2012-01-06T00:00Z')).toEqual(
      ['2011-12-31 00:00', '2012-01-06 09:00'],
    );
    expect(walls('0 9 * * *', 'Pacific/Apia', '2011-12-29T00:00Z', '2012-01-01T00:00Z')).toEqual([
      '2011-12-29 09:00',
      '2011-12-31 00:00',
      '2011-12-31 09:00',
      '2012-01-01 09:00',
    ]);
  });

  it('runs once over a gap of two hours', () => {
    const night = ['2026-03-28T12:00Z', '2026-03-29T12:00Z'] as const;
    expect(walls('10,50 1,2 * * *', 'Antarctica/Troll', ...night)).toEqual(['2026-03-29 03:00']);
  });
});

describe('a wall time when clocks go back', () => {
  it('runs the first time only', () => {
    expect(instants('30 1 * * *', 'America/New_York', '2026-11-01T00:00Z', 2)).toEqual([
      '2026-11-01T05:30',
      '2026-11-02T06:30',
    ]);
    expect(instants('0 0 * * *', 'America/Sao_Paulo', '2018-02-17T12:00Z', 2)).toEqual([
      '2018-02-18T03:00',
      '2018-02-19T03:00',
    ]);
    expect(instants('30 23 * * *', 'Africa/Cairo', '2026-10-29T00:00Z', 2)).toEqual([
      '2026-10-29T20:30',
      '2026-10-30T21:30',
    ]);
    expect(instants('45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00Z', 2)).toEqual([
      '2026-04-04T14:45',
      '2026-04-05T15:15',
    ]);
    expect(instants('30 1,2 * * *', 'Antarctica/Troll', '2026-10-24T12:00Z', 3)).toEqual([
      '2026-10-24T23:30',
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
  });

  it('does not run again for a caller who asks in between', () => {
    // 01:10 the second time: 01:30 has been
    const slots = instants('30 1 * * *', 'America/New_York', '2026-11-01T06:10Z', 1);
    expect(slots).toEqual(['2026-11-02T06:30']);
  });
});

describe('elapsed time', () => {
  it('runs four times in the autumn overlap of New York', () => {
    expect(instants('*/30 1 * * *', 'America/New_York', '2026-11-01T00:00Z', 5)).toEqual([
      '2026-11-01T05:00',
      '2026-11-01T05:30',
      '2026-11-01T06:00',
      '2026-11-01T06:30',
      '2026-11-02T06:00',
    ]);
  });

  it('keeps its pace through both changes', () => {
    for (const [from, until] of [
      ['2026-03-08T00:00Z', '2026-03-09T00:00Z'],
      ['2026-11-01T00:00Z', '2026-11-02T00:00Z'],
    ] as const) {
      expect(walls('*/15 * * * *', 'America/New_York', from, until)).toHaveLength(96);
      expect(walls('20 * * * *', 'America/New_York', from, until)).toHaveLength(24);
      expect(walls('@hourly', 'Antarctica/Troll', from, until)).toHaveLength(24);
    }
  });

  it('does not fire for times that do not exist', () => {
    expect(instants('*/30 2 * * *', 'America/New_York', '2026-03-07T12:00Z', 2)).toEqual([
      '2026-03-09T06:00',
      '2026-03-09T06:30',
    ]);
    const skipped = ['2011-12-30T08:00Z', '2011-12-30T13:00Z'] as const;
    expect(walls('20 */2 * * *', 'Pacific/Apia', ...skipped)).toEqual([
      '2011-12-29 22:20',
      '2011-12-31 00:20',
      '2011-12-31 02:20',
    ]);
  });
});

describe('catching up', () => {
  const after = new Date('2026-05-05T00:00Z');

  it('finds the first, the last and the number of missed slots', () => {
    const hourly = parseSchedule('@hourly');
    expect(slotsMissed(hourly, after, new Date('2026-05-05T03:30Z'))).toEqual({
      first: new Date('2026-05-05T01:00Z'),
      last: new Date('2026-05-05T03:00Z'),
      count: 3,
      capped: false,
    });
    expect(slotsMissed(hourly, after, new Date('2026-05-05T01:00Z')).count).toBe(1);
    expect(slotsMissed(hourly, after, new Date('2026-05-05T00:59:59.999Z'))).toEqual({
      first: null,
      last: null,
      count: 0,
      capped: false,
    });
  });

  it('still finds the last one when there are more than it counts', () => {
    const missed = slotsMissed(parseSchedule('* * * * *'), after, new Date('2026-07-05T12:30:20Z'));
    expect(missed).toEqual({
      first: new Date('2026-05-05T00:01Z'),
      last: new Date('2026-07-05T12:30Z'),
      count: 10_000,
      capped: true,
    });
    const daily = parseSchedule('@daily');
    expect(slotsMissed(daily, after, new Date('2026-05-07T00:00Z'), 2).capped).toBe(false);
    expect(slotsMissed(daily, after, new Date('2026-05-08T23:00Z'), 2)).toMatchObject({
      last: new Date('2026-05-08T00:00Z'),
      count: 2,
      capped: true,
    });
  });

  it('lists slots up to and with the end, at most the limit', () => {
    const hourly = parseSchedule('@hourly');
    const until = new Date('2026-05-05T02:00Z');
    expect(slotsBetween(hourly, after, until, 9)).toHaveLength(2);
    expect(slotsBetween(hourly, after, until, 1)).toEqual([new Date('2026-05-05T01:00Z')]);
    expect(slotsBetween(hourly, after, until, 0)).toEqual([]);
    expect(slotsBetween(hourly, until, after, 9)).toEqual([]);
  });
});

describe('the memory of slots', () => {
  it('answers as nextSlot does, also after a caller changed what it got', () => {
    const after = new Date('2026-05-05T00:00Z');
    const expected = new Date('2026-05-05T13:30Z');
    rememberedNextSlot('30 9 * * *', 'America/New_York', after).setTime(0);
    expect(rememberedNextSlot('30 9 * * *', 'America/New_York', after)).toEqual(expected);
    expect(rememberedNextSlot('30 9 * * *', 'UTC', after)).not.toEqual(expected);
    expect(rememberedSchedule('30 9 * * *', 'UTC')).toBe(rememberedSchedule('30 9 * * *', 'UTC'));
  });

  it('stays right when it forgets', () => {
    const schedule = parseSchedule('*/7 * * * *');
    for (let minute = 0; minute < 200; minute++) {
      const after = new Date(Date.UTC(2026, 4, 5, 0, minute % 100));
      expect(rememberedNextSlot('*/7 * * * *', 'UTC', after)).toEqual(nextSlot(schedule, after));
    }
  });

  it('refuses every time what is refused once', () => {
    for (let round = 0; round < 2; round++)
      expect(() => rememberedNextSlot('', 'UTC', new Date(0))).toThrow(BadScheduleError);
  });
});
