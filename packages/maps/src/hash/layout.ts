/**
 * The words of an element, which no program reaches; its key and values come after them.
 *
 * | offset | word |
 * |---|---|
 * | 0 | next element of its chain; stays as it was after deletion, so that a walk that stands on it goes on |
 * | 4 | hash of the key; for an element that is not in the map: the next one of the free list or of the waiting list |
 *
 * Elements of LRU maps have four more, and so have the heads of their lists, so that lists are rings:
 *
 * | offset | word |
 * |---|---|
 * | 8 | previous on its list |
 * | 12 | next on its list |
 * | 16 | bits 0–7 which list, 8–15 the used mark, 16–31 the CPU |
 * | 20 | table epoch at which the element was deleted or evicted |
 */
export const ELEMENT_NEXT = 0;
export const ELEMENT_HASH = 4;
/** Bytes of the words of every element. */
export const ELEMENT_WORDS = 8;

export const LRU_PREVIOUS = 8;
export const LRU_NEXT = 12;
export const LRU_STATE = 16;
export const LRU_EPOCH = 20;
/** Bytes of the words of an element of an LRU map, and of a list's head. */
export const LRU_WORDS = 24;

/** Was looked up since the mark was last read. */
export const LRU_USED = 0x100;

/** The lists, as bits 0–7 of {@link LRU_STATE} name them. */
export const ACTIVE = 0;
export const INACTIVE = 1;
export const FREE = 2;
export const LOCAL_FREE = 3;
export const LOCAL_PENDING = 4;
