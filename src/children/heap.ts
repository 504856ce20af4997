import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
setFlagsFromString('--no-expose-gc');

const megabyte = 2 ** 20;

/** When more MB than this were added, garbage is collected before the memory is measured. */
const collectAfterMb = 24;

/** Returns a function that measures the memory of this process, in MB; without garbage when much was added. */
export function watchHeap(): () => { heapMb: number; residentMb: number } {
  const heldMb = () => {
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    return (heap + external) / megabyte;
  };
  let last = heldMb();
  return () => {
    if (heldMb() - last > collectAfterMb) {
      collectGarbage();
      last = heldMb();
    }
    return {
      heapMb: getHeapStatistics().used_heap_size / megabyte,
      residentMb: process.memoryUsage.rss() / megabyte,
    };
  };
}
