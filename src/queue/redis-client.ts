/**
 * Clients of Redis that work in the database of their address or not at all: where SELECT fails, ioredis tells its
 * listeners, and goes on in database 0, which splits the queue.
 */
import { createIORedisClient, RedisConnection } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { databaseRefused } from './redis-errors.ts';

type ClientOptions = RedisOptions & { replyMapping?: 'legacy' };

export function openClient(redisUrl: string, options: ClientOptions): Redis {
  const client = new Redis(redisUrl, options);
  client.on('error', (error) => {
    // ioredis tells it within the handshake, so nothing was sent yet; it connects again after a while.
    if (databaseRefused(error) !== null) client.disconnect(options.retryStrategy?.(1) != null);
  });
  return client;
}

/** BullMQ makes its clients through this, the blocking ones of workers too. */
RedisConnection.clientFactory = (given) => {
  const { url, ...options } = given as ClientOptions & { url?: string };
  return createIORedisClient(url ? openClient(url, options) : new Redis(options));
};
