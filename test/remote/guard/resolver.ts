/** A resolver of the test's own: it answers A and AAAA over UDP as it is told, and counts what it was asked. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import ipaddr from 'ipaddr.js';

/** The addresses of a name at its n-th lookup, the first one being 1. */
export type Zone = Map<string, (lookup: number) => readonly string[]>;

/** Asked for as a number: the types A and AAAA of RFC 1035 and RFC 3596. */
const familyOf: Record<number, 'ipv4' | 'ipv6'> = { 1: 'ipv4', 28: 'ipv6' };

export async function startResolver(zone: Zone) {
  /** by name and type */
  const asked = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const labels: string[] = [];
    let at = 12;
    while (message[at]) {
      labels.push(message.toString('latin1', at + 1, at + 1 + message[at]!));
      at += 1 + message[at]!;
    }
    const name = labels.join('.').toLowerCase();
    const type = message.readUInt16BE(at + 1);
    const lookup = (asked.get(`${name} ${type}`) ?? 0) + 1;
    asked.set(`${name} ${type}`, lookup);
    const known = zone.get(name);
    const found = (known?.(lookup) ?? [])
      .map((address) => ipaddr.parse(address))
      .filter((address) => address.kind() === familyOf[type])
      .map((address) => address.toByteArray());
    const head = Buffer.from(message.subarray(0, 12));
    // An answer with authority; 3: there is no such name.
    head.writeUInt16BE(0x8580 | (known ? 0 : 3), 2);
    head.writeUInt16BE(found.length, 6);
    head.writeUInt32BE(0, 8);
    const records = found.map((bytes) => {
      const record = Buffer.alloc(12);
      // The name is the one of the question; the class is IN; the answer lives for 0 s, as for rebinding.
      record.writeUInt16BE(0xc00c, 0);
      record.writeUInt16BE(type, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt16BE(bytes.length, 10);
      return Buffer.concat([record, Buffer.from(bytes)]);
    });
    socket.send(Buffer.concat([head, message.subarray(12, at + 5), ...records]), from.port);
  });
  socket.bind(53, '127.0.0.1');
  await once(socket, 'listening');
  return {
    /** how often the name was looked up: each lookup asks for both types */
    lookups: (name: string) =>
      Math.max(...[1, 28].map((type) => asked.get(`${name} ${type}`) ?? 0)),
    close: () => socket.close(),
  };
}
