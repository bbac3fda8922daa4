export { MemoryError } from "./error.ts";
export { HIGHEST_ADDRESS, LOWEST_ADDRESS, Memory, type MemoryOptions } from "./memory.ts";
export type { AllocOptions, Layout, LayoutPart, Region } from "./region.ts";
