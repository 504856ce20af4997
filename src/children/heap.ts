import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
setFlagsFromString('--no-expose-gc');

const megabyte = 2 ** 20;

/** When so many MB were added, garbage is collected before the memory is measured. */
const muchMb = 24;

/** The memory that this process holds, in MB; without garbage when much was added. */
export function watchHeap(): () => { heapMb: number; residentMb: number } {
  const held = () => {
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    return (heap + external) / megabyte;
  };
  let last = held();
  return () => {
    if (held() - last > muchMb) {
      collect();
      last = held();
    }
    return {
      heapMb: getHeapStatistics().used_heap_size / megabyte,
      residentMb: process.memoryUsage.rss() / megabyte,
    };
  };
}
