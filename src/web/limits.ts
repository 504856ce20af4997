/**
 * What one listener takes at most. Whoever reaches its port can send anything, so each of these bounds memory, descriptors
 * or time that a sender who proves nothing could take.
 */
export interface Limits {
  /** bytes of one body */
  bodyBytes: number;
  /** bytes of all bodies that are in memory at once */
  allBodiesBytes: number;
  /** bytes of one request's line and headers */
  headerBytes: number;
  /** headers of one request */
  headers: number;
  /** connections at once; for a further one, that is closed which has gone longest without a whole request */
  connections: number;
  /** requests that are answered at once; further ones get 503 */
  requests: number;
  /** requests that one connection may send before the first of them is answered (pipelining) */
  requestsOfConnection: number;
  /** milliseconds until all headers have arrived */
  headersMs: number;
  /** milliseconds until the whole request has arrived */
  arrivalMs: number;
  /** milliseconds from the arrival of the headers to the answer */
  answerMs: number;
  /** milliseconds that a connection may be idle between two requests */
  idleMs: number;
}

const mebibyte = 1024 * 1024;

/** The limits of every listener; only tests take smaller ones. */
export const limits: Limits = {
  bodyBytes: mebibyte,
  allBodiesBytes: 64 * mebibyte,
  headerBytes: 16 * 1024,
  headers: 100,
  connections: 1_000,
  requests: 1_000,
  requestsOfConnection: 32,
  headersMs: 5_000,
  arrivalMs: 15_000,
  answerMs: 20_000,
  idleMs: 10_000,
};
