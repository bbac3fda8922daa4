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
 *
 * Then come the words of the code in `code/`; each map uses those that its type needs:
 *
 * | offset | word |
 * |---|---|
 * | 64 | address of the table's state (`table-state.ts`) |
 * | 68, 72, 76 | chains: address of the buckets, their number - 1, seed of the hash |
 * | 80 | chains: what the last search found before its element |
 * | 84 | elements in the map |
 * | 88 | elements: bytes from one to the next |
 * | 92 | elements: first free one |
 * | 96, 100 | elements: first and end of those never used |
 * | 104, 108, 112 | elements: first, last and number of those that wait for programs to end |
 * | 116 | LRU: address of the CPUs' own lists, 0 if there are none |
 * | 120 | arrays: address of the first value |
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
export const HEADER_TABLE = 64;
export const HEADER_BUCKETS = 68;
export const HEADER_MASK = 72;
export const HEADER_SEED = 76;
export const HEADER_PREVIOUS = 80;
export const HEADER_COUNT = 84;
export const HEADER_STRIDE = 88;
export const HEADER_FREE = 92;
export const HEADER_FRESH = 96;
export const HEADER_FRESH_END = 100;
export const HEADER_WAITING_FIRST = 104;
export const HEADER_WAITING_LAST = 108;
export const HEADER_WAITING_COUNT = 112;
export const HEADER_LRU = 116;
export const HEADER_VALUES = 120;
/** Bytes that programs may read. */
export const HEADER_VISIBLE = 56;
/** Bytes of the whole header. */
export const HEADER_SIZE = 128;
