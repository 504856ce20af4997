/** The colours of a report's page, light and dark: what stands on what can be told from it (WCAG 2.2, AA). */
import { describe, expect, test } from 'vitest';
import { style } from '../../src/report/style.ts';

const rules = [...style.matchAll(/([^{}]+)\{([^{}]*)\}/g)].map(([, selector, body]) => ({
  selector: selector!.trim(),
  body: body!,
}));
const roots = rules.filter(({ selector }) => selector.endsWith(':root'));
const others = rules.filter(({ selector }) => !selector.endsWith(':root'));
const schemes = roots.map(({ body }, at) => ({
  scheme: ['light', 'dark'][at]!,
  colours: new Map(
    [...body.matchAll(/--(\w+):(#[\da-f]+)/g)].map(([, name, colour]) => [name!, colour!]),
  ),
}));

/** The names of the colours that are set as these properties, of text or of everything else. */
const used = (property: string, isOfText: boolean): string[] => [
  ...new Set(
    others
      .filter(({ selector }) => property !== 'fill' || /\btext\b/.test(selector) === isOfText)
      .flatMap(({ body }) => [
        ...body.matchAll(new RegExp(`(?:^|;)${property}:[^;]*var\\(--(\\w+)\\)`, 'g')),
      ])
      .map(([, name]) => name!),
  ),
];
const backgrounds = used('background', false);
const texts = [...new Set([...used('color', true), ...used('fill', true)])];
const shapes = [...new Set([...used('fill', false), ...used('stroke', false)])];

const luminance = (colour: string): number => {
  const digits = colour.slice(1).match(colour.length === 4 ? /./g : /../g)!;
  const [red, green, blue] = digits
    .map((each) => Number.parseInt(each.padStart(2, each), 16) / 255)
    .map((each) => (each <= 0.040_45 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
};
const contrast = (one: string, other: string): number => {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
};

test('the contrast is what WCAG computes', () => {
  expect(contrast('#000', '#fff')).toBeCloseTo(21);
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
});

test('colours have names, and each name has a colour in light and in dark', () => {
  expect(schemes).toHaveLength(2);
  expect(others.filter(({ body }) => /#[\da-f]{3}|\brgb|\bhsl/.test(body))).toEqual([]);
  const names = [...new Set([...style.matchAll(/var\(--(\w+)\)/g)].map(([, name]) => name!))];
  expect(names.length).toBeGreaterThan(3);
  for (const { colours } of schemes)
    expect([...colours.keys()].toSorted()).toEqual(names.toSorted());
});

describe.each(schemes)('$scheme', ({ colours }) => {
  const pairs = (fore: string[], back: string[]) =>
    fore.flatMap((one) => back.map((other) => [one, other] as const));

  test.each(pairs(texts, backgrounds))('text in %s on %s', (text, background) => {
    expect(contrast(colours.get(text)!, colours.get(background)!)).toBeGreaterThanOrEqual(4.5);
  });

  test.each(pairs(shapes, ['paper']))('shapes in %s on %s', (shape, background) => {
    expect(contrast(colours.get(shape)!, colours.get(background)!)).toBeGreaterThanOrEqual(3);
  });
});

test('long words break, and no number does', () => {
  const bodyOf = (selector: string) =>
    others
      .filter((rule) => rule.selector === selector)
      .map(({ body }) => body)
      .join(';');
  expect(bodyOf('body')).toContain('overflow-wrap:anywhere');
  expect(bodyOf('.figures th:not(:first-child),td')).toContain('white-space:nowrap');
  expect(bodyOf('.wide')).toContain('overflow-x:auto');
});
