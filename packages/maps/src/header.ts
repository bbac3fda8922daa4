/**
 * A map's header, as it lies in memory at the map's handle. The first {@link HEADER_VISIBLE} bytes may be read by programs (they are what a typed
 * pointer to the map reaches); the rest is the machine's. All words are 32 bit, little endian.
 *
 * | offset | word |
 * |---|---|
 * | 0 | map_type |
 * | 4 | key_size |
 * | 8 | value_size |
 * | 12 | max_entries |
 * | 16 | map_flags |
 * | 20 | id |
 * | 24 | numa_node |
 * | 28 | tracers: non-zero while somebody traces the map |
 * | 32 | map_extra, 64 bits |
 * | 40 | name, 16 bytes, NUL terminated |
 * | 56 | index of the map in its table |
 */
export const HEADER_MAP_TYPE = 0;
export const HEADER_KEY_SIZE = 4;
export const HEADER_VALUE_SIZE = 8;
export const HEADER_MAX_ENTRIES = 12;
export const HEADER_MAP_FLAGS = 16;
export const HEADER_ID = 20;
export const HEADER_NUMA_NODE = 24;
export const HEADER_TRACERS = 28;
export const HEADER_MAP_EXTRA = 32;
export const HEADER_NAME = 40;
/** Beyond what programs see. */
export const HEADER_INDEX = 56;
/** Bytes that programs may read. */
export const HEADER_VISIBLE = 56;
/** Bytes of the whole header. */
export const HEADER_SIZE = 64;
