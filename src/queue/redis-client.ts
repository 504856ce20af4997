/**
 * Opens clients of Redis that work only in the database that their address names. ioredis alone would go on in database 0
 * when SELECT fails, and only inform its listeners: that would split the queue.
 */
import { createIORedisClient, RedisConnection } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { refusedDatabase } from './redis-errors.ts';

type ClientOptions = RedisOptions & { replyMapping?: 'legacy' };

export function openClient(redisUrl: string, options: ClientOptions): Redis {
  const client = new Redis(redisUrl, options);
  client.on('error', (error) => {
    // ioredis emits this error within the handshake, before any command is sent. Whether the client connects again, and after
    // what pause, its `retryStrategy` says.
    if (refusedDatabase(error) !== null) client.disconnect(options.retryStrategy?.(1) != null);
  });
  return client;
}

/** BullMQ makes all its clients through this, also the blocking clients of workers. */
RedisConnection.clientFactory = (given) => {
  const { url, ...options } = given as ClientOptions & { url?: string };
  return createIORedisClient(url ? openClient(url, options) : new Redis(options));
};
