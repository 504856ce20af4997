/**
 * Values as bytes of a pipe between a worker and a child: four bytes of length, then the value as structured clone
 * writes it. Node's own channel between processes is not used: when a child writes anything else into that channel,
 * Node throws in the worker where nothing can catch the error; and Node reads messages of any size.
 */
import { deserialize, serialize } from 'node:v8';

/** The most bytes of one value; results have lower limits of their own (src/run/tasks/result.ts). */
export const maxFrameBytes = 32 * 2 ** 20;

const headBytes = 4;

/** A value as bytes. Throws when structured clone cannot carry it, or when it is larger than {@link maxFrameBytes}. */
export function frameOf(value: unknown): Buffer {
  const body = serialize(value);
  if (body.length > maxFrameBytes)
    throw new Error(`it is ${body.length} bytes large; the limit is ${maxFrameBytes}`);
  const frame = Buffer.allocUnsafe(headBytes + body.length);
  frame.writeUInt32BE(body.length);
  body.copy(frame, headBytes);
  return frame;
}

/**
 * Takes what a pipe delivers, in pieces of any size, and passes on the values in it. When the bytes are not a valid value,
 * `onBad` is called once with the reason, and everything after that is ignored.
 */
export function readFrames(
  onValue: (value: unknown) => void,
  onBad: (why: string) => void,
): (piece: Buffer) => void {
  let pieces: Buffer[] = [];
  let bytes = 0;
  let wanted = headBytes;
  let isBad = false;

  function refuse(why: string): void {
    isBad = true;
    pieces = [];
    onBad(why);
  }

  /** Passes on the first value, and returns the bytes after it; null when it is not complete yet, or is not valid. */
  function takeValue(all: Buffer): Buffer | null {
    const length = all.readUInt32BE(0);
    wanted = headBytes + length;
    if (length > maxFrameBytes) refuse(`${length} bytes; the limit is ${maxFrameBytes}`);
    if (isBad || all.length < wanted) return null;
    let value: unknown;
    try {
      value = deserialize(all.subarray(headBytes, wanted));
    } catch (error) {
      refuse(String(error));
      return null;
    }
    const rest = all.subarray(wanted);
    wanted = headBytes;
    onValue(value);
    return rest;
  }

  return (piece) => {
    if (isBad) return;
    pieces.push(piece);
    bytes += piece.length;
    while (bytes >= wanted && !isBad) {
      const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
      const rest = takeValue(all);
      pieces = [rest ?? all];
      bytes = pieces[0]!.length;
      if (!rest) break;
    }
  };
}
