/** What keys do, step by step, without a terminal: states that were read from real rows. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { hasUnicode } from '../../../src/cli/terminal/signs.ts';
import { actions } from '../../../src/cli/review/actions/actions.ts';
import { refusalInWords } from '../../../src/cli/review/errors-in-words.ts';
import { filterFrom } from '../../../src/cli/review/filter.ts';
import { unusedTextsIn } from '../../../src/cli/review/keep-texts.ts';
import { layout } from '../../../src/cli/review/layout.ts';
import { apartMs, unhurried } from '../../../src/cli/review/pace.ts';
import {
  begin,
  quietMs,
  type Event,
  type Intent,
  type State,
} from '../../../src/cli/review/state.ts';
import type { Step } from '../../../src/cli/review/step.ts';
import { update } from '../../../src/cli/review/update.ts';
import { loadCatalogue } from '../../../src/cli/session/catalogue.ts';
import { nextToReview, type Review } from '../../../src/services/tickets/review.ts';
import { hostileTexts } from '../../support/hostile-texts.ts';
import { testDatabase } from '../../support/database.ts';
import { plantScene } from './scene.ts';

const { db } = await testDatabase();
let rich: Review;
let plain: Review;

beforeAll(async () => {
  await plantScene(db);
  const read = async (except: string[]) =>
    (await nextToReview({ db, catalogue: loadCatalogue }, { filter: {}, except })).review!;
  rich = await read([]);
  plain = await read([rich.ticket.id]);
});

/** A ticket is on the screen, and was for a while. */
const shown = (review: Review): State => ({
  ...update(begin('me', {}), { type: 'next', review, left: 3 }, -quietMs).state,
});

const paused = { type: 'paused' } as const;

/** The state after keys with a second between them, and what they asked for. */
function press(state: State, ...keys: string[]): { state: State; intents: Intent[] } {
  const intents: Intent[] = [];
  for (const [at, text] of keys.entries()) {
    const now = (at + 1) * 1_000;
    for (const event of [{ type: 'input', input: { kind: 'key', text } }, paused] as const) {
      const step = update(state, event, event === paused ? now + apartMs : now);
      state = step.state;
      intents.push(...step.intents);
    }
    // After a pause how the keys before it came no longer matters.
    state = { ...state, pace: unhurried };
  }
  return { state, intents };
}

const typed = (text: string): string[] => text.split('');
const did = ({ intents }: { intents: Intent[] }) =>
  intents.map((intent) => ('action' in intent ? intent.action.name : intent.do));
const lines = (state: State, columns = 80, rows = 24): string[] => {
  const { grid } = layout(state, { columns, rows });
  return Array.from({ length: rows }, (_, row) => grid.line(row));
};
const happens = (state: State, event: Event, now = 10_000) => update(state, event, now);
const told = ({ state }: { state: State }) => state.message?.text ?? '';

describe('keys for a ticket', () => {
  test('one with a suggestion takes one key, and one without three and the prose', () => {
    expect(did(press(shown(rich), 'a'))).toEqual(['approve']);
    const resolved = press(shown(plain), 'r', 'n', ...typed('made room'), 'enter');
    expect(resolved.intents).toMatchObject([{ do: 'perform', answers: ['none', 'made room'] }]);
  });

  test('after an action it goes on by itself', () => {
    const { state } = press(shown(rich), 'a');
    const done = happens(state, {
      type: 'done',
      ticket: rich.ticket.id,
      done: { message: 'Approved', undo: { cannot: '' } },
    });
    expect(done.intents).toEqual([{ do: 'next' }]);
  });

  test('each key is one action, and none of them confirms', () => {
    const keys = actions.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of [...'ynpuve/?q ', 'j', 'k', 'b']) expect(keys).not.toContain(key);
  });
});

describe('a key that means nothing says so, and what there is instead', () => {
  test('on a ticket', () => {
    expect(told(press(shown(plain), 'w'))).toBe('w does nothing here: ? lists the keys');
  });

  test.each(['enter', 'q', 'w'])('%s at a question with choices', (key) => {
    const asked = press(shown(plain), 'r');
    expect(lines(asked.state).join('\n')).toContain('What helped? (Escape leaves it)');
    const { state, intents } = press(asked.state, key);
    expect(intents).toEqual([]);
    expect(state.mode).toMatchObject({ kind: 'asking', answers: [] });
    expect(told({ state })).toBe('that is none of the answers: n, s; Escape leaves the question');
  });

  test.each(['banana', '4 bananas', 'tomorrow'])('%s at the snooze names every form', (text) => {
    const { state } = press(shown(plain), 'z', ...typed(text), 'enter');
    expect(told({ state })).toMatch(/try: 4h, 3 times, or \d{4}-\d\d-\d\d 09:00/);
    expect(told({ state })).not.toContain('the snooze');
  });
});

test.each(['banana', '2 days or so'])('%s at the silence names every form', (text) => {
  const { state } = press(shown(plain), 's', ...typed(text), 'enter');
  expect(told({ state })).toContain('try: 2h, or until resolved');
  expect(told({ state })).not.toContain('the silence');
});

describe('the filter', () => {
  const refusedAs = (text: string) => {
    try {
      filterFrom(text, 'me');
    } catch (error) {
      return refusalInWords(error);
    }
    return null;
  };

  test('a key that is nearly one of its own is refused', () => {
    expect(refusedAs('sev:high')).toContain('did you mean severity:high?');
    expect(refusedAs('bots:ledger')).toContain('did you mean bot:ledger?');
    expect(refusedAs('severity:hgh')).toContain('did you mean high');
  });

  test('any other word with a colon is a word', () => {
    expect(filterFrom('http://x error:', 'me')).toEqual({ match: 'http://x error:' });
  });
});

describe('what cannot be undone', () => {
  test('is done by another key than the one that asked, and never by Enter', () => {
    const asks = press(shown(plain), 'o');
    expect(asks).toMatchObject({ intents: [], state: { mode: { kind: 'confirming' } } });
    expect(did(press(asks.state, 'y'))).toEqual(['acknowledge']);
    for (const key of ['o', 'enter', ' ', 'n', 'escape', 'a'])
      expect(press(asks.state, key)).toMatchObject({
        intents: [],
        state: { mode: { kind: 'reading' } },
      });
  });

  test('is asked anew where another person has changed the ticket meanwhile', () => {
    const { state } = press(shown(plain), 'o');
    const changed = happens(state, {
      type: 'changed',
      review: plain,
      message: 'ann assigned it 1s ago',
    });
    expect(told(changed)).toContain('ann assigned it 1s ago; nothing was done');
    expect(press(changed.state, 'y').intents).toEqual([]);
  });

  test('every action that warns is confirmed, whatever its questions', () => {
    const asked = press(shown(plain), 'c', ...typed('asked'), 'enter');
    expect(asked).toMatchObject({ intents: [], state: { mode: { kind: 'confirming' } } });
    expect(did(press(asked.state, 'y'))).toEqual(['comment']);
  });
});

test('Ctrl-C at a confirmation leaves it, and the text that was typed stays', () => {
  const asked = press(shown(plain), 'c', ...typed('seen it'), 'enter').state;
  expect(asked.mode).toMatchObject({ kind: 'confirming' });
  const left = press(asked, 'interrupt');
  expect(left).toMatchObject({ intents: [], state: { mode: { kind: 'reading' } } });
  expect(press(left.state, 'c').state.mode).toMatchObject({ prompt: { text: 'seen it' } });
});

test('what was done stays readable where the next ticket cannot be read', () => {
  const done = { message: 'Commented on T-4', undo: { cannot: '' } };
  const next = happens(shown(plain), { type: 'done', done, ticket: plain.ticket.id }).state;
  const failed = happens(next, { type: 'failed', text: 'there is no bot nobody' });
  expect(told(failed)).toBe('Commented on T-4; there is no bot nobody');
});

describe('keys that come too soon, or at once', () => {
  test('a second key in the first moment of the next ticket does nothing to it, nor does what follows without a pause', () => {
    const next = happens(
      press(shown(rich), 'a').state,
      { type: 'next', review: plain, left: 2 },
      0,
    );
    let { state } = next;
    let at = 0;
    for (const text of ['t', 'r', 'n', ...typed('at a'), 'q', 'n', 'y']) {
      at += quietMs - 1;
      const step = happens(state, { type: 'input', input: { kind: 'key', text } }, at);
      expect(step.intents).toEqual([]);
      state = step.state;
    }
    expect(state).toMatchObject({ seen: plain, mode: { kind: 'reading' } });
    expect(told({ state })).toContain('are ignored');
    const taken = happens(
      state,
      { type: 'input', input: { kind: 'key', text: 't' } },
      at + quietMs,
    );
    expect(did(happens(taken.state, paused))).toEqual(['take']);
  });

  /** The state after these keys with so many ms between them and a pause behind the last one, and what they asked for. */
  function hurry(from: State, keys: readonly string[], gap: number) {
    let state = from;
    const intents: Intent[] = [];
    let now = 100_000;
    const happened = (event: Event) => {
      const step = update(state, event, now);
      state = step.state;
      intents.push(...step.intents);
    };
    for (const text of keys) {
      happened({ type: 'input', input: { kind: 'key', text } });
      if (gap >= apartMs) happened(paused);
      now += gap;
    }
    now += apartMs;
    happened(paused);
    return { state: { ...state, pace: unhurried }, intents };
  }

  const texts = [
    ...actions.map(({ key }) => `${key}pple pie, yes`),
    ...['n', 'p', 'u', 'e', 'v', '/', '?', 'q', 'y', 'j'].map((key) => `${key}yxatov quit`),
    'rn made room\rya',
    'cs: at a\ry',
    'ox',
    'qu',
  ];
  test.each([16, 30, 60, apartMs - 1])(
    'of a text whose letters come %i ms apart none changes anything or leaves',
    (gap) => {
      const modes = {
        reading: shown(rich),
        plain: shown(plain),
        choice: press(shown(plain), 'r').state,
        confirming: press(shown(plain), 'c', 'h', 'i', 'enter').state,
        waiting: happens(shown(plain), { type: 'queued', run: 'r', lines: [] }).state,
        pages: press(shown(plain), '?').state,
        small: { ...shown(plain), view: { rows: 1, maxScroll: 0, isTooSmall: true as const } },
      };
      for (const [name, state] of Object.entries(modes))
        for (const text of texts) {
          const keys = [...text].map((each) => (each === '\r' ? 'enter' : each));
          const asked = did(hurry(state, keys, gap)).filter(
            (each) => !['next', 'show', 'explain', 'stop waiting', 'filter'].includes(each),
          );
          expect(asked, `${name}: ${text}`).toEqual([]);
        }
    },
  );

  test('what is taken back says so, and the key does it after a pause', () => {
    const { state } = hurry(shown(rich), ['a', 'b'], 30);
    expect(state).toMatchObject({ mode: { kind: 'reading' }, held: null });
    expect(told({ state })).toContain('nothing was done: several keys at once');
    expect(did(press(state, 'a'))).toEqual(['approve']);
  });

  test('a key that is held down goes on: it scrolls line by line, and acts once', () => {
    const long: State = { ...shown(rich), view: { rows: 5, maxScroll: 50 } };
    expect(hurry(long, Array(30).fill('j'), 33).state.scroll).toBe(30);
    expect(hurry(long, Array(12).fill('down'), 16).state.scroll).toBe(12);
    expect(did(hurry(shown(rich), Array(20).fill('a'), 33))).toEqual(['approve']);
    expect(did(hurry(shown(rich), Array(20).fill('n'), 33))).toEqual(['next']);
  });

  test('a key that is held down goes on also where a line was held up, and some of them came at once', () => {
    const long: State = { ...shown(rich), view: { rows: 5, maxScroll: 50 } };
    const at = (state: State, kind: 'key' | 'text', text: string, now: number) =>
      happens(state, { type: 'input', input: { kind, text } }, now).state;
    for (const [key, bytes] of [
      ['j', 'jjj'],
      ['down', '\u001B[B\u001B[B'],
    ] as const) {
      const several = at(at(long, 'key', key, 1_000), 'text', bytes, 1_033);
      expect(at(several, 'key', key, 1_066).scroll, key).toBe(2);
      expect(at(at(several, 'text', 'jk', 1_066), 'key', key, 1_099).scroll, key).toBe(1);
    }
  });

  test('Escape and Ctrl-C leave at once, and Enter ends a text that a person types', () => {
    const choice = press(shown(plain), 'r').state;
    for (const key of ['escape', 'interrupt'])
      expect(hurry(choice, ['x', key], 30).state.mode, key).toEqual({ kind: 'reading' });
    expect(did(hurry(shown(plain), ['a', 'interrupt'], 30))).toEqual(['quit']);
    const prose = press(shown(plain), 'r', 's').state;
    expect(did(hurry(prose, [...typed('made room'), 'enter'], 90))).toEqual(['resolve']);
    const fast = hurry(prose, [...typed('made room'), 'enter'], 60);
    expect(fast).toMatchObject({
      intents: [],
      state: { mode: { prompt: { text: 'made room\n' } } },
    });
    expect(did(press(fast.state, 'enter'))).toEqual(['resolve']);
    const line = hurry(press(shown(plain), 'g').state, [...typed('annika'), 'enter'], 60);
    expect(told(line)).toContain('press it again');
    expect(did(press(line.state, 'enter'))).toEqual(['assign']);
  });

  test('q ends it while something is read, and during a change only where the database does not answer', () => {
    const reads = press(shown(plain), 'e').state;
    expect(press(reads, 'q').intents).toEqual([{ do: 'quit' }]);
    const changes = press(shown(plain), 't').state;
    expect(press(changes, 'q').intents).toEqual([]);
    const away = happens(changes, { type: 'outage', why: 'no answer' }).state;
    expect(press(away, 'q').intents).toEqual([{ do: 'quit' }]);
  });

  test('while an action is under way no key does anything', () => {
    const { state } = press(shown(rich), 'a');
    for (const key of ['a', 't', 'y', 'enter', 'q', 'n', 'u'])
      expect(press(state, key)).toEqual({ state, intents: [] });
  });

  test('several at once, and pastes, do nothing but in a text', () => {
    const any = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a', 'y', 'ay', '\r', 'q', ...hostileTexts),
    );
    const modes = [
      shown(rich),
      press(shown(plain), 'o').state,
      press(shown(plain), 'r').state,
      press(shown(plain), '?').state,
      press(shown(rich), 'a').state,
    ];
    fc.assert(
      fc.property(
        any,
        fc.constantFrom('text' as const, 'paste' as const),
        fc.constantFrom(...modes),
        (text, kind, state) => {
          const step = update(state, { type: 'input', input: { kind, text } }, 1_000);
          expect(step.intents).toEqual([]);
          expect(step.state.mode).toEqual(state.mode);
        },
      ),
    );
  });
});

describe('a text', () => {
  test('takes all keys, and a paste with its line ends; only Enter by itself ends it', () => {
    const asks = press(shown(plain), 'r', 's').state;
    const pasted = update(
      asks,
      { type: 'input', input: { kind: 'paste', text: 'q\na\r\ny' } },
      1_000,
    );
    expect(pasted).toMatchObject({ intents: [], state: { mode: { prompt: { text: 'q\na\ny' } } } });
    expect(press(pasted.state, 'enter').intents).toMatchObject([{ answers: ['', 'q\na\ny'] }]);
  });

  test('that is left is there again, as is that of an action which failed', () => {
    const left = press(shown(plain), 'r', 's', ...typed('half'), 'escape');
    expect(left).toMatchObject({ intents: [], state: { mode: { kind: 'reading' } } });
    expect(press(left.state, 'r', 's').state.mode).toMatchObject({ prompt: { text: 'half' } });
    const sent = press(left.state, 'r', 's', 'enter').state;
    const failed = happens(sent, { type: 'failed', text: 'ann was faster' });
    expect(failed.state.mode).toMatchObject({ kind: 'asking', prompt: { text: 'half' } });
    expect(press(failed.state, 'enter').intents).toMatchObject([{ answers: ['', 'half'] }]);
  });

  test('that was typed and not used is there to be kept, by its command, and none that was used', () => {
    const half = press(shown(plain), 'r', 's', ...typed('half'), 'escape', 'c', ...typed('more'));
    const commands = unusedTextsIn(half.state).map(({ text, commandWithFile }) => [
      text,
      commandWithFile!('F'),
    ]);
    const name = `T-${plain.ticket.number}`;
    expect(commands).toEqual([
      ['half', `\`npx roundsman tickets resolve ${name} --notes-file F\``],
      ['more', `\`npx roundsman tickets comment ${name} --notes-file F\``],
    ]);
    const sent = press(half.state, 'enter', 'y').state;
    expect(unusedTextsIn(sent)).toHaveLength(2);
    const done = { message: 'Commented', undo: { cannot: '' } };
    const { state } = happens(sent, { type: 'done', done, ticket: plain.ticket.id });
    expect(unusedTextsIn(state)).toEqual([]);
  });

  test('is refused where it is asked for, and stays', () => {
    const { state, intents } = press(shown(plain), 'z', ...typed('soon'), 'enter');
    expect(intents).toEqual([]);
    expect(state.mode).toMatchObject({ kind: 'asking', prompt: { text: 'soon' } });
    expect(told({ state })).toContain('4h');
    expect(press(shown(plain), 'z', 'enter').intents).toMatchObject([{ answers: ['4h'] }]);
  });

  test('is not touched by what another person does meanwhile', () => {
    const { state } = press(shown(plain), 'r', 's', ...typed('half'));
    const changed = happens(state, {
      type: 'changed',
      review: plain,
      message: 'ann assigned it 1s ago',
    });
    expect(changed.state.mode).toEqual(state.mode);
    expect(told(changed)).toBe('ann assigned it 1s ago');
  });
});

describe('undo', () => {
  test('says so where there is nothing, or what cannot be taken back', () => {
    expect(told(press(shown(plain), 'u'))).toContain('nothing yet');
    const done = {
      message: 'Commented on T-4',
      undo: { cannot: 'a comment stays in the history' },
    };
    const state = { ...shown(plain), done: [{ done, ticket: plain.ticket.id, version: null }] };
    expect(told(press(state, 'u'))).toBe('Commented on T-4: a comment stays in the history');
  });

  test('comes back to the ticket', () => {
    const undone = { message: 'it is open again', version: 3 };
    const undo = { versions: { before: 1, after: 2 }, perform: async () => undone };
    const done = { message: 'Took it', undo };
    const state = {
      ...shown(plain),
      trail: ['x', plain.ticket.id],
      at: 1,
      done: [{ done, ticket: 'x', version: 2 }],
    };
    expect(press(state, 'u').intents).toMatchObject([{ do: 'undo', change: { ticket: 'x' } }]);
    const back = happens(state, { type: 'undone', undone, ticket: 'x' });
    expect(back.intents).toEqual([{ do: 'show', ticket: 'x', at: 0 }]);
    expect(back.state.done).toEqual([]);
  });

  test('of what was done before on the same ticket is not refused because of the own undo', () => {
    const change = (before: number, after: number, ticket = 'x') => ({
      done: { message: '', undo: { versions: { before, after }, perform: vi.fn() } },
      ticket,
      version: after,
    });
    const state = { ...shown(plain), done: [change(1, 2), change(1, 2, 'y'), change(2, 3)] };
    const undone = { message: 'it is awake again', version: 4 };
    const versions = ({ state: { done } }: Step) =>
      done.map(({ ticket, version }) => [ticket, version]);
    const back = happens(state, { type: 'undone', undone, ticket: 'x' });
    expect(versions(back)).toEqual([
      ['x', 4],
      ['y', 2],
    ]);
    // Another person changed it between the two.
    const other = happens(
      { ...state, done: [change(1, 2), change(5, 6)] },
      { type: 'undone', undone, ticket: 'x' },
    );
    expect(versions(other)).toEqual([['x', 2]]);
  });

  test('that is refused does not stand before what was done earlier', () => {
    const done = { message: '', undo: { versions: null, perform: vi.fn() } };
    const state = {
      ...shown(plain),
      done: [
        { done, ticket: 'x', version: null },
        { done, ticket: 'y', version: null },
      ],
    };
    const failed = happens(state, { type: 'failed', text: 'ann was faster', isUndo: true });
    expect(failed.state.done.map(({ ticket }) => ticket)).toEqual(['x']);
    expect(happens(state, { type: 'failed', text: 'unknown' }).state.done).toHaveLength(2);
  });
});

test('n and p walk what was shown, and n begins again after the last one', () => {
  const state = { ...shown(plain), trail: ['x', plain.ticket.id], at: 1 };
  expect(press(state, 'p').intents).toEqual([{ do: 'show', ticket: 'x', at: 0 }]);
  expect(press({ ...state, at: 0 }, 'n').intents).toEqual([
    { do: 'show', ticket: plain.ticket.id, at: 1 },
  ]);
  const end = happens(state, { type: 'next', review: null, left: 0 }, -quietMs).state;
  expect(press(end, 'a', 't', 'r').intents).toEqual([]);
  const again = press(end, 'n');
  expect(again).toMatchObject({ intents: [{ do: 'next' }], state: { trail: [] } });
});

describe('the screen', () => {
  test('has all that a person needs at 80x24', () => {
    const text = lines(shown(rich)).join('\n');
    for (const part of [
      /T-\d+ {2}critical {2}open/,
      'sessions pile up',
      'component /v1/login',
      'bot watch',
      'age 3d',
      'OVERDUE 12m',
      'seen 14 times',
      hasUnicode() ? '▁▁█▁██' : '__#_##',
      'Evidence',
      'older: 900',
      'Tried',
      'Restart the pool',
      'Related',
      'swept by hand',
      'a approves sweep:',
      'held 7 of 9, lower bound .33, last relapse 3 days ago, can be undone',
      '? help',
    ])
      expect(text).toMatch(part);
  });

  test('fits whatever size there is, and says so where it is too small', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 220 }),
        fc.integer({ min: 1, max: 70 }),
        fc.nat(200),
        (columns, rows, scroll) => {
          for (const state of [
            { ...shown(rich), scroll },
            press(shown(plain), 'r').state,
            press(shown(plain), 'r', 's', ...typed('x'.repeat(30))).state,
            press(shown(rich), '?').state,
            press(shown(plain), 'o').state,
          ])
            expect(layout(state, { columns, rows }).grid.rows).toBe(rows);
        },
      ),
      { numRuns: 60 },
    );
    expect(lines(shown(rich), 59, 24)[0]).toBe('needs 60x15, has 59x24');
  });

  test('where nothing is shown for want of room, keys do nothing but quit', () => {
    const { view } = layout(shown(rich), { columns: 30, rows: 5 });
    const small: State = { ...shown(rich), view };
    for (const { key } of actions)
      expect(press(small, key)).toMatchObject({ intents: [], state: { mode: small.mode } });
    expect(press(small, 'u', 'n', 'y').intents).toEqual([]);
    expect(press(small, 'q').intents).toEqual([{ do: 'quit' }]);
    const typing: State = { ...press(shown(plain), 'c').state, view };
    expect(press(typing, 'x')).toEqual({ state: typing, intents: [] });
  });

  test('no word of a section is lost at the edge, also of a script whose characters take two columns', () => {
    const sentence = '支払いの再試行が繰り返し請求されています。'.repeat(5);
    const words = Array.from({ length: 60 }, (_, at) => `word${at}.`).join(' ');
    const long: Review = {
      ...rich,
      ticket: { ...rich.ticket, description: `${sentence}\n${words}`, metadata: null },
    };
    for (const columns of [60, 79, 80, 81]) {
      const size = { columns, rows: 60 };
      const state = { ...shown(long), view: layout(shown(long), size).view };
      const shownText = lines(state, columns, 60).join('').replaceAll(/\s/g, '');
      expect(shownText).toContain(sentence);
      expect(shownText).toContain(words.replaceAll(' ', ''));
    }
  });

  test('a word that is wider than the screen is broken, and a huge text says what shows the rest', () => {
    const word = 'x'.repeat(300);
    const huge: Review = {
      ...rich,
      ticket: { ...rich.ticket, title: word, description: '字'.repeat(1_000_000), metadata: null },
    };
    const state = { ...shown(huge), view: layout(shown(huge), { columns: 80, rows: 24 }).view };
    expect(lines(press(state, 'down').state).slice(1, 6).join('').replaceAll(' ', '')).toContain(
      word,
    );
    const end = lines(press(state, 'end').state).join(' ').replaceAll(/\s+/g, ' ');
    expect(end).toContain('… 980000 more characters');
    expect(end).toContain(`npx roundsman tickets show T-${rich.ticket.number}`);
    // It is wrapped once, however often it is drawn.
    const wrap = vi.spyOn(String.prototype, 'split');
    for (let at = 0; at < 50; at += 1) lines(state);
    expect(wrap.mock.contexts.filter((text) => String(text).length > 10_000)).toEqual([]);
    wrap.mockRestore();
  });

  test('a long text leaves room for each part, and scrolls to its end', () => {
    const long: Review = {
      ...rich,
      ticket: {
        ...rich.ticket,
        metadata: { lines: Array.from({ length: 80 }, (_, at) => `line ${at}.`) },
      },
    };
    const state = shown(long);
    const top = lines(state).join('\n');
    expect(top).toMatch(/Evidence \(\d+ more lines: down\)/);
    expect(top).toContain('Restart the pool');
    expect(top).toContain('swept by hand');
    const { view } = layout(state, { columns: 80, rows: 24 });
    const end = lines(press({ ...state, view }, 'end').state).join('\n');
    expect(end).toContain('line 79.');
    expect(end).toContain('swept by hand');
  });

  test('no text of a ticket becomes a line of its own, or leaves its place', () => {
    for (const text of hostileTexts) {
      const hostile: Review = {
        ...rich,
        ticket: {
          ...rich.ticket,
          title: text,
          description: text,
          assigned_to: text,
          status: 'assigned',
          metadata: { [text]: text },
          bots: { name: text },
        },
        suggested: rich.suggested.map((each) => ({
          ...each,
          suggestion: { ...each.suggestion, name: text },
          steps: [text],
        })),
        related: { ...rich.related, component: text },
      };
      const all = lines(shown(hostile));
      expect(all[0]).toMatch(/^ T-\d+ {2}critical/);
      expect(all.join('')).not.toMatch(/\p{Cc}/u);
      expect(all.at(-2)).toContain('? help');
    }
  });
});
