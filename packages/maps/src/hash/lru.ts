import type { Memory } from "@bpf-ts/memory";
import type { OwnMemory } from "../own-memory.ts";

/**
 * Which element goes when an LRU map is full.
 *
 * Every element is on one list: ACTIVE (was used again after it came in), INACTIVE, FREE, or on one of the two lists that each CPU has for itself:
 * FREE elements it fetched in advance, and PENDING ones that it handed out since. A look-up by a program only sets the element's *used* mark; marks
 * are read, and cleared, when lists are gone through, a bounded number of steps each time. This is an approximation of "least recently used", and
 * which key survives can be told from outside: so lists, batch sizes and order of steps are Linux's.
 *
 * With `BPF_F_NO_COMMON_LRU` each CPU has ACTIVE, INACTIVE and FREE of its own instead, and nothing is fetched in advance.
 *
 * The words of an element, from its start (0 and 4 belong to {@link Elements}):
 *
 * | offset | word |
 * |---|---|
 * | 8 | previous on its list |
 * | 12 | next on its list |
 * | 16 | bits 0–7 which list, 8–15 the used mark, 16–31 the CPU |
 * | 20 | table epoch at which the element was deleted or evicted |
 *
 * A list's head is such a record by itself, so that lists are rings.
 *
 * @see v6.18 kernel/bpf/bpf_lru_list.c
 */
const PREVIOUS = 8;
const NEXT = 12;
const STATE = 16;
const EPOCH = 20;
/** Bytes of these words and those before them. */
export const LRU_WORDS = 24;

const ACTIVE = 0;
const INACTIVE = 1;
const FREE = 2;
const LOCAL_FREE = 3;
const LOCAL_PENDING = 4;

const USED = 0x100;
/** Elements that a CPU fetches at once, and steps of going through a list, with common lists. */
const COMMON_BATCH = 128;
/** The same with lists for each CPU. */
const PERCPU_BATCH = 4;

/** What the lists need of their map. */
export interface LruOwner {
  /** The table's epoch now. */
  readonly epoch: number;
  /** Takes the element out of the map. False if it is not in it. */
  evict(element: number): boolean;
  /**
   * An element that may be used again under another key; another one instead of it if a program may still hold this one. 0 if it may not, and there
   * is no other.
   */
  fresh(element: number, epoch: number): number;
}

/** ACTIVE, INACTIVE and FREE: one set a map, or one a CPU. */
interface Lists {
  readonly active: number;
  readonly inactive: number;
  readonly free: number;
  activeCount: number;
  inactiveCount: number;
  /** Where going through INACTIVE goes on: an element, or the list's head. */
  rotation: number;
}

/** A CPU's own lists. */
interface LocalLists {
  readonly free: number;
  readonly pending: number;
  nextSteal: number;
}

/** The lists of one map. */
export class Lru {
  readonly #memory: Memory;
  readonly #owner: LruOwner;
  readonly #lists: Lists[] = [];
  readonly #local: LocalLists[] = [];
  /** Steps of going through a list. */
  readonly #scans: number;
  readonly #percpu: boolean;
  /** Elements that a CPU fetches at once. */
  #fetch = 1;

  /** @throws MemoryError ENOMEM */
  constructor(own: OwnMemory, cpus: number, percpu: boolean, owner: LruOwner, label: string) {
    this.#memory = own.memory;
    this.#owner = owner;
    this.#percpu = percpu;
    this.#scans = percpu ? PERCPU_BATCH : COMMON_BATCH;
    const sets = percpu ? cpus : 1;
    let head = own.reserve((3 * sets + (percpu ? 0 : 2 * cpus)) * LRU_WORDS, `${label} LRU lists`);
    const ring = (): number => {
      const at = head;
      this.#set(at + PREVIOUS, at);
      this.#set(at + NEXT, at);
      head += LRU_WORDS;
      return at;
    };
    for (let i = 0; i < sets; i++) {
      const lists = { active: ring(), inactive: ring(), free: ring(), activeCount: 0, inactiveCount: 0, rotation: 0 };
      lists.rotation = lists.inactive;
      this.#lists.push(lists);
    }
    for (let cpu = 0; !percpu && cpu < cpus; cpu++) {
      this.#local.push({ free: ring(), pending: ring(), nextSteal: cpu });
    }
  }

  /** Puts all elements on FREE: the first fills the first CPU's list where each has one. */
  populate(count: number, element: (index: number) => number): void {
    if (!this.#percpu) {
      const { free } = this.#lists[0]!;
      for (let i = 0; i < count; i++) this.#insert(element(i), free, FREE, 0);
      this.#fetch = Math.min(COMMON_BATCH, Math.max(1, Math.floor(count / this.#local.length / 2)));
      return;
    }
    const each = count / this.#lists.length;
    for (let i = 0; i < count; i++) {
      const cpu = Math.floor(i / each);
      this.#insert(element(i), this.#lists[cpu]!.free, FREE, cpu << 16);
    }
  }

  /** Marks an element as used. */
  touch(element: number): void {
    this.#memory.u32[(element + STATE) >>> 2]! |= USED;
  }

  /** An element for a new key on `cpu`, evicting others if there is none; 0 if even that fails. Views may move. */
  take(cpu: number): number {
    return this.#percpu ? this.#takePercpu(cpu) : this.#takeCommon(cpu);
  }

  /** An element that {@link take} gave, and that is in the map no more (or never was), is free. */
  give(element: number): void {
    this.#set(element + EPOCH, this.#owner.epoch);
    const state = this.#state(element);
    if (this.#percpu) {
      const lists = this.#lists[state >>> 16]!;
      this.#move(lists, element, FREE);
      return;
    }
    if ((state & 0xff) !== LOCAL_PENDING) {
      this.#move(this.#lists[0]!, element, FREE);
      return;
    }
    this.#unlink(element);
    this.#insert(element, this.#local[state >>> 16]!.free, LOCAL_FREE, state & 0xffff_0000);
  }

  #takePercpu(cpu: number): number {
    const lists = this.#lists[cpu]!;
    this.#rotate(lists);
    if (this.#get(lists.free + NEXT) === lists.free) this.#shrink(lists, PERCPU_BATCH, lists.free, FREE);
    const element = this.#get(lists.free + NEXT);
    if (element === lists.free) return 0;
    this.#unlink(element);
    const taken = this.#owner.fresh(element, this.#get(element + EPOCH));
    if (taken === 0) {
      this.#insert(element, lists.free, FREE, this.#state(element) & 0xffff_0000);
      return 0;
    }
    this.#insert(taken, lists.inactive, INACTIVE, cpu << 16);
    lists.inactiveCount++;
    return taken;
  }

  #takeCommon(cpu: number): number {
    const local = this.#local[cpu]!;
    let element = this.#popFree(local);
    if (element === 0) {
      this.#fetchFree(local);
      element = this.#popFree(local);
    }
    if (element === 0) element = this.#steal(local);
    if (element === 0) return 0;
    const taken = this.#owner.fresh(element, this.#get(element + EPOCH));
    if (taken === 0) {
      this.#insert(element, local.free, LOCAL_FREE, cpu << 16);
      return 0;
    }
    this.#insert(taken, local.pending, LOCAL_PENDING, cpu << 16);
    return taken;
  }

  #popFree(local: LocalLists): number {
    const element = this.#get(local.free + NEXT);
    if (element === local.free) return 0;
    this.#unlink(element);
    return element;
  }

  /** The CPU's pending elements join the common lists; then it fetches free ones, evicting as many as are missing. */
  #fetchFree(local: LocalLists): void {
    const lists = this.#lists[0]!;
    let element = this.#get(local.pending + PREVIOUS);
    while (element !== local.pending) {
      const before = this.#get(element + PREVIOUS);
      const state = this.#state(element);
      const used = (state & USED) !== 0;
      this.#unlink(element);
      this.#insert(element, used ? lists.active : lists.inactive, used ? ACTIVE : INACTIVE, state & 0xffff_0000);
      if (used) lists.activeCount++;
      else lists.inactiveCount++;
      element = before;
    }
    this.#rotate(lists);
    let fetched = 0;
    for (element = this.#get(lists.free + NEXT); element !== lists.free; ) {
      const after = this.#get(element + NEXT);
      this.#moveOut(lists, element, local.free, LOCAL_FREE);
      if (++fetched === this.#fetch) break;
      element = after;
    }
    if (fetched < this.#fetch) this.#shrink(lists, this.#fetch - fetched, local.free, LOCAL_FREE);
  }

  /** All common lists are empty: takes from the CPUs' own lists, in turn, beginning where the last theft ended. */
  #steal(local: LocalLists): number {
    const first = local.nextSteal;
    let cpu = first;
    let element = 0;
    do {
      const victim = this.#local[cpu]!;
      element = this.#popFree(victim) || this.#popPending(victim);
      cpu = (cpu + 1) % this.#local.length;
    } while (element === 0 && cpu !== first);
    local.nextSteal = cpu;
    return element;
  }

  /** The oldest pending element that is not marked, or else the oldest. */
  #popPending(local: LocalLists): number {
    for (const force of [false, true]) {
      for (let at = this.#get(local.pending + PREVIOUS); at !== local.pending; at = this.#get(at + PREVIOUS)) {
        if ((force || (this.#state(at) & USED) === 0) && this.#owner.evict(at)) {
          this.#unlink(at);
          this.#set(at + EPOCH, this.#owner.epoch);
          return at;
        }
      }
    }
    return 0;
  }

  /** Ages the lists by a bounded number of steps. */
  #rotate(lists: Lists): void {
    if (lists.inactiveCount < lists.activeCount) this.#rotateActive(lists);
    this.#rotateInactive(lists);
  }

  /** From the oldest on: marked ones go to the front again, the others to INACTIVE. */
  #rotateActive(lists: Lists): void {
    const newest = this.#get(lists.active + NEXT);
    let element = this.#get(lists.active + PREVIOUS);
    for (let step = 1; element !== lists.active; step++) {
      const before = this.#get(element + PREVIOUS);
      this.#move(lists, element, (this.#state(element) & USED) !== 0 ? ACTIVE : INACTIVE);
      if (step === this.#scans || element === newest) return;
      element = before;
    }
  }

  /** From where it stopped the last time: marked ones go to ACTIVE. */
  #rotateInactive(lists: Lists): void {
    const head = lists.inactive;
    if (this.#get(head + NEXT) === head) return;
    let last = this.#get(lists.rotation + NEXT);
    if (last === head) last = this.#get(last + NEXT);
    let at = lists.rotation;
    let next = head;
    for (let step = 0; step < this.#scans; ) {
      if (at === head) {
        at = this.#get(at + PREVIOUS);
        continue;
      }
      next = this.#get(at + PREVIOUS);
      if ((this.#state(at) & USED) !== 0) this.#move(lists, at, ACTIVE);
      if (at === last) break;
      at = next;
      step++;
    }
    lists.rotation = next;
  }

  /** Evicts up to `wanted` unmarked elements of INACTIVE, oldest first; if that gives none, the oldest there is, marked or not. */
  #shrink(lists: Lists, wanted: number, free: number, type: number): void {
    let freed = 0;
    let element = this.#get(lists.inactive + PREVIOUS);
    for (let step = 1; element !== lists.inactive; step++) {
      const before = this.#get(element + PREVIOUS);
      if ((this.#state(element) & USED) !== 0) {
        this.#move(lists, element, ACTIVE);
      } else if (this.#owner.evict(element)) {
        this.#moveOut(lists, element, free, type);
        this.#set(element + EPOCH, this.#owner.epoch);
        if (++freed === wanted) break;
      }
      if (step === this.#scans) break;
      element = before;
    }
    if (freed > 0) return;
    const head = this.#get(lists.inactive + NEXT) !== lists.inactive ? lists.inactive : lists.active;
    for (element = this.#get(head + PREVIOUS); element !== head; ) {
      const before = this.#get(element + PREVIOUS);
      if (this.#owner.evict(element)) {
        this.#moveOut(lists, element, free, type);
        this.#set(element + EPOCH, this.#owner.epoch);
        return;
      }
      element = before;
    }
  }

  /** Moves an element of these lists to the front of one of them; its mark goes. */
  #move(lists: Lists, element: number, type: number): void {
    this.#leave(lists, element);
    if (type === ACTIVE) lists.activeCount++;
    else if (type === INACTIVE) lists.inactiveCount++;
    const head = type === ACTIVE ? lists.active : type === INACTIVE ? lists.inactive : lists.free;
    this.#insert(element, head, type, this.#state(element) & 0xffff_0000);
  }

  /** Moves an element of these lists to the front of a list of free ones. */
  #moveOut(lists: Lists, element: number, head: number, type: number): void {
    this.#leave(lists, element);
    this.#insert(element, head, type, this.#state(element) & 0xffff_0000);
  }

  #leave(lists: Lists, element: number): void {
    if (lists.rotation === element) lists.rotation = this.#get(element + PREVIOUS);
    const type = this.#state(element) & 0xff;
    if (type === ACTIVE) lists.activeCount--;
    else if (type === INACTIVE) lists.inactiveCount--;
    this.#unlink(element);
  }

  #insert(element: number, head: number, type: number, cpuBits: number): void {
    const after = this.#get(head + NEXT);
    this.#set(element + PREVIOUS, head);
    this.#set(element + NEXT, after);
    this.#set(head + NEXT, element);
    this.#set(after + PREVIOUS, element);
    this.#set(element + STATE, cpuBits | type);
  }

  #unlink(element: number): void {
    const before = this.#get(element + PREVIOUS);
    const after = this.#get(element + NEXT);
    this.#set(before + NEXT, after);
    this.#set(after + PREVIOUS, before);
  }

  #state(element: number): number {
    return this.#memory.u32[(element + STATE) >>> 2]!;
  }

  #get(address: number): number {
    return this.#memory.u32[address >>> 2]!;
  }

  #set(address: number, word: number): void {
    this.#memory.u32[address >>> 2] = word;
  }
}
