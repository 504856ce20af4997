import { expect, test } from 'vitest';
import { repositoryOf } from '../../bots/architect/repository-name.ts';

test.each([
  'https://github.com/Acme/Shop',
  'https://www.github.com/acme/shop.git/',
  'https://user:password@github.com:443/acme/shop/tree/main?x=1#y',
  'git+https://github.com/acme/shop.git',
  'git@github.com:acme/shop.git',
  'git@github.com:/acme/shop',
  'ssh://git@github.com/acme/shop.git',
  'ssh://git@github.com:22/acme/shop.git',
  'git+ssh://git@github.com/acme/shop.git',
  'ssh://git@ssh.github.com:443/acme/shop.git',
])('%s names acme/shop', (address) => {
  expect(repositoryOf(address, 'github.com')).toBe('acme/shop');
});

test('a number behind a host is a port only where the address has a scheme', () => {
  expect(repositoryOf('git@github.com:22/shop', 'github.com')).toBe('22/shop');
});

test.each([
  'https://github.com.evil.example/acme/shop',
  'https://gitlab.com/acme/shop',
  'git@gitlab.com:acme/shop.git',
])('%s is elsewhere', (address) => {
  expect(repositoryOf(address, 'github.com')).toBe('elsewhere');
});

test.each([
  'https://github.com/acme',
  'https://github.com//acme/shop',
  'https://github.com/acme/"){viewer{login}}',
  'https://github.com/acme/.git',
  'git@github.com:acme/..',
  'acme/shop',
  'javascript:alert(1)',
])('%s names no repository', (address) => {
  expect(repositoryOf(address, 'github.com')).toBeNull();
});
