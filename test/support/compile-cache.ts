import { useCompileCache } from '../../src/bin/compile-cache.ts';

// As `roundsman` does: processes that tests start begin in a third of the time.
useCompileCache();
