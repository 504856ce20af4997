/**
 * Clients of Redis that work in the database that their address names, or not at all. Otherwise, when SELECT fails,
 * ioredis only informs its listeners and goes on in database 0, which splits the queue.
 */
import { createIORedisClient, RedisConnection } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { databaseRefused } from './redis-errors.ts';

type ClientOptions = RedisOptions & { replyMapping?: 'legacy' };

export function openClient(redisUrl: string, options: ClientOptions): Redis {
  const client = new Redis(redisUrl, options);
  client.on('error', (error) => {
    // ioredis emits this error within the handshake, before any command is sent. The client connects again after a
    // while.
    if (databaseRefused(error) !== null) client.disconnect(options.retryStrategy?.(1) != null);
  });
  return client;
}

/** BullMQ makes all its clients through this, also the blocking clients of workers. */
RedisConnection.clientFactory = (given) => {
  const { url, ...options } = given as ClientOptions & { url?: string };
  return createIORedisClient(url ? openClient(url, options) : new Redis(options));
};
