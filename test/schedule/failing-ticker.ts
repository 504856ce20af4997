/** A ticker whose tick throws once, so that node-cron has something to say. */
import { pino } from 'pino';
import { startTicker } from '../../src/schedule/ticker.ts';
import { eventsTo } from '../../src/events/log-events.ts';

let ticks = 0;
const ticker = startTicker(
  () => {
    ticks += 1;
    if (ticks === 1) throw new Error('the tick broke');
    void ticker.stop();
  },
  () => {},
  eventsTo(pino({ level: 'debug' }, pino.destination({ dest: 1, sync: true }))).emit,
);
