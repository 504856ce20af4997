/** Which bodies are cut off where all together are too large. */
import { expect, test } from 'vitest';
import { countBodies, peerOf } from '../../src/web/request/body.ts';

function scene(allMost: number) {
  const bodies = countBodies(100, allMost);
  const cut: string[] = [];
  const from = (peer: string, name: string) => ({ peer, bytes: 0, cutOff: () => cut.push(name) });
  return { bodies, cut, from };
}

test('of the peer that has sent most, the oldest unfinished one is cut off', () => {
  const { bodies, cut, from } = scene(100);
  const first = from('honest', 'honest');
  bodies.take(first, 10);
  for (const name of ['a', 'b', 'c', 'd']) bodies.take(from('greedy', name), 20);
  expect(bodies.take(first, 20)).toBe(true);
  expect(cut).toEqual(['a']);
  expect(bodies.take(from('third', 'third'), 20)).toBe(true);
  expect(cut).toEqual(['a', 'b']);
  expect(first.bytes).toBe(30);
});

test('one that is whole keeps its place, and where all are whole a further one is refused', () => {
  const { bodies, cut, from } = scene(100);
  const whole = from('one', 'whole');
  bodies.take(whole, 60);
  bodies.end(whole);
  const other = from('one', 'other');
  expect(bodies.take(other, 40)).toBe(true);
  expect(bodies.take(from('two', 'third'), 30)).toBe(true);
  expect(cut).toEqual(['other']);
  expect(bodies.take(from('three', 'fourth'), 50)).toBe(false);
  bodies.giveBack(whole);
  bodies.giveBack(whole);
  expect(bodies.take(from('three', 'fifth'), 70)).toBe(true);
  expect(bodies.take(from('three', 'sixth'), 40)).toBe(true);
});

test('an IPv6 peer is its network, and an IPv4 address in IPv6 form is that address', () => {
  expect(peerOf('::ffff:10.0.0.1')).toBe('10.0.0.1');
  expect(peerOf('10.0.0.1')).toBe('10.0.0.1');
  expect(peerOf('2001:db8:1:2:3:4:5:6')).toBe(peerOf('2001:db8:1:2::9'));
  expect(peerOf('2001:db8:1:2::9')).not.toBe(peerOf('2001:db8:1:3::9'));
  expect(peerOf('2001:db8::9')).toBe(peerOf('2001:db8:0:0:7::1'));
  expect(peerOf('fe80::1%eth0')).toBe(peerOf('fe80::2'));
  expect(peerOf('::1')).not.toBe(peerOf('2001:db8::1'));
  expect(peerOf(undefined)).toBe('');
});
