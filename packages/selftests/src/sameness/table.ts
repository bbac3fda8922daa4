import { hash, lruHash, lruPercpuHash, percpuHash } from "./families/hash.ts";
import type { Family } from "./family.ts";

/** Every family of maps that is compared. */
export const FAMILIES: readonly Family[] = [hash, percpuHash, lruHash, lruPercpuHash];
