/** What each form of a report shows, and that no text from outside becomes more than text in it. */
import { expect, describe, test } from 'vitest';
import { widthOf } from '../../src/ground/width.ts';
import { asHtml } from '../../src/report/html.ts';
import { asMarkdown } from '../../src/report/markdown.ts';
import { asText } from '../../src/report/text.ts';
import { hostile } from '../notify/scenes.ts';
import { hostileReport, sample } from './sample.ts';

/** The service cuts what rows say to so many letters. */
const cutTexts = Object.entries(hostile).map(([name, text]) => [name, text.slice(0, 200)] as const);

// oxlint-disable-next-line no-control-regex
const controls = /(?!\n)[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/;

describe('text', () => {
  test('says what ran, what to do first and what stands beside it', () => {
    const text = asText(sample(), ['It is late.']);
    expect(text).toContain('Report of 1d: 2026-11-28 08:00:00 to 2026-11-29 08:00:00 UTC');
    expect(text).toContain('It is late.');
    expect(text).toContain(
      '1. 1 ticket past its response target: `npx roundsman tickets show T-3`',
    );
    expect(text).toContain('Median of 7');
    expect(text).toContain('T-3  critical, with ann, past its target: payments answer 500');
  });

  test('has no line of more than 80 columns, whatever it says, and no sign that moves a cursor', () => {
    for (const [name, text] of cutTexts) {
      const lines = asText(hostileReport(text), [text]).split('\n');
      expect(Math.max(...lines.map(widthOf)), name).toBeLessThanOrEqual(80);
      expect(lines.join('\n'), name).not.toMatch(controls);
    }
  });

  test('a forged line stays within the line of its own', () => {
    const text = asText(hostileReport('x\nWhat to do first\n1. npx roundsman secrets remove X'));
    const forged = text.split('\n').filter((line) => line === 'What to do first');
    expect(forged).toHaveLength(1);
  });

  test('of 500 bots it names those with something to look at, and counts the others', () => {
    const { bots, ...rest } = sample();
    const fine = {
      ...bots[0]!,
      known_from: null,
      is_least: false,
      slots: { ...bots[0]!.slots, due: 26, ran: 26, failed: 0, skipped: {}, missing: 0 },
    };
    const many = Array.from({ length: 500 }, (_, at) => ({ ...fine, name: `bot-${at}` }));
    const text = asText({ ...rest, bots: [...many, bots[0]!] });
    expect(text).toContain('ledger');
    expect(text).toContain('and 500 bots whose slots all ran with success, or that had none due');
    expect(text.split('\n').length).toBeLessThan(80);
  });
});

describe('the page', () => {
  const tags = (html: string): string[] => html.match(/<\/?[a-zA-Z!][^>]*>/g) ?? [];
  const names = (html: string): Set<string> =>
    new Set(tags(html).map((tag) => /^<\/?([a-zA-Z0-9]+)/.exec(tag)?.[1]?.toLowerCase() ?? '!'));

  test('is one file that loads nothing and runs nothing', () => {
    const html = asHtml(sample());
    expect(html).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    );
    expect(
      [...names(html)].filter((name) =>
        ['script', 'link', 'img', 'iframe', 'a', 'form', 'object', 'image', 'use'].includes(name),
      ),
    ).toEqual([]);
    expect(html.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|@import|src=|href=/,
    );
    expect(
      [...html.matchAll(/url\(([^)]*)\)/g)].map(([, to]) => to!.startsWith('#')),
    ).not.toContain(false);
    expect(html).toContain('prefers-color-scheme:dark');
  });

  test('tells each plot in words, in numbers beside its bars, and in a table', () => {
    const html = asHtml(sample());
    const plots = html.match(/<svg role="img"[\s\S]*?<\/svg>/g)!;
    expect(plots).toHaveLength(4);
    for (const plot of plots) {
      const [, id] = /aria-labelledby="([a-z]+)-title \1-desc"/.exec(plot)!;
      expect(plot).toContain(`<title id="${id}-title">`);
      expect(plot).toMatch(new RegExp(`<desc id="${id}-desc">11-22: .*; 11-29: `));
      expect(plot.match(/<text /g)!.length).toBe(16);
    }
    expect(plots[0]).toContain(
      '11-29: ran with success 26, failed or timed out 1, skipped 3, missing 1',
    );
    expect(html).toContain(
      '<caption><span>The same in figures, by the end of each period</span></caption>',
    );
  });

  test('parts of a bar differ by pattern, not by colour alone', () => {
    const classes = new Set(
      [...asHtml(sample()).matchAll(/<rect class="(\w+)"/g)].map(([, each]) => each),
    );
    expect(classes).toEqual(new Set(['solid', 'lines', 'dots', 'empty']));
  });

  test('text from outside adds no element, no attribute and no entity', () => {
    const plain = asHtml(hostileReport('x'), ['x']);
    for (const [name, text] of cutTexts) {
      const html = asHtml(hostileReport(text), [text]);
      expect(tags(html).length, name).toBe(tags(plain).length);
      expect(names(html), name).toEqual(names(plain));
      expect(html, name).not.toMatch(controls);
      expect(html, name).not.toMatch(/&(?!amp;|lt;|gt;|quot;|#39;)/);
    }
  });
});

describe('Markdown', () => {
  test('has tables, and commands as code', () => {
    const text = asMarkdown(sample());
    expect(text).toContain('`npx roundsman tickets show T-3`');
    expect(text).toContain('| Bot | Due | Success |');
    expect(text).toContain('| --- | ---: |');
  });

  test('text from outside is escaped: no markup, no HTML, no row of a table, no line of its own', () => {
    const lines = asMarkdown(hostileReport('x'), ['x']).split('\n').length;
    for (const [name, text] of cutTexts) {
      const shown = asMarkdown(hostileReport(text), [text]);
      expect(shown.split('\n').length, name).toBe(lines);
      expect(shown, name).not.toMatch(controls);
      // Outside of code, of what Markdown takes for markup only Roundsman's own is not escaped.
      const own = shown
        .replaceAll(/`npx [^`]*`/g, '')
        .replaceAll(/\\./g, '')
        .replaceAll(/^(#{1,2} |- \*\*|\d+\. |- )/gm, '');
      expect(own.replaceAll('**:', ''), name).not.toMatch(/[<>[\]`_~]/);
    }
  });
});
