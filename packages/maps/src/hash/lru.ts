import type { Memory } from "@bpf-ts/memory";
import type { LruCode } from "../code/cache.ts";
import { HEADER_LRU } from "../header.ts";
import type { MapHome } from "../home.ts";
import {
  ACTIVE,
  LRU_EPOCH as EPOCH,
  FREE,
  INACTIVE,
  LOCAL_FREE,
  LRU_WORDS,
  LRU_NEXT as NEXT,
  LRU_PREVIOUS as PREVIOUS,
  LRU_STATE as STATE,
  LRU_USED as USED,
} from "./layout.ts";

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
 * Taking an element and giving it back is the code of `../code/lru.ts`, as long as the CPU's own lists will do; going through lists is here.
 *
 * @see v6.18 kernel/bpf/bpf_lru_list.c
 */
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
  readonly #map: number;
  readonly #code: LruCode;
  readonly #owner: LruOwner;
  readonly #lists: Lists[] = [];
  readonly #local: LocalLists[] = [];
  /** Steps of going through a list. */
  readonly #scans: number;
  readonly #percpu: boolean;
  /** Elements that a CPU fetches at once. */
  #fetch = 1;

  /** @throws MemoryError ENOMEM */
  constructor(home: MapHome, code: LruCode, cpus: number, percpu: boolean, owner: LruOwner) {
    this.#memory = home.memory;
    this.#map = home.handle;
    this.#code = code;
    this.#owner = owner;
    this.#percpu = percpu;
    this.#scans = percpu ? PERCPU_BATCH : COMMON_BATCH;
    const sets = percpu ? cpus : 1;
    let head = home.own.reserve((3 * sets + (percpu ? 0 : 2 * cpus)) * LRU_WORDS, `${home.label} LRU lists`);
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
    if (!percpu) this.#set(home.handle + HEADER_LRU, head);
    for (let cpu = 0; !percpu && cpu < cpus; cpu++) {
      this.#local.push({ free: ring(), pending: ring(), nextSteal: cpu });
    }
    home.slowPaths.lruTake = (cpu) => this.#takePercpu(cpu);
    home.slowPaths.lruRefill = (cpu) => this.#refill(cpu);
    home.slowPaths.lruGive = (element) => this.#give(element);
    home.slowPaths.lruFresh = (element) => owner.fresh(element, this.#get(element + EPOCH));
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
    this.#set(element + STATE, this.#state(element) | USED);
  }

  /** An element that is on none of the CPUs' own pending lists, and in the map no more, is free. */
  #give(element: number): void {
    const lists = this.#percpu ? this.#lists[this.#state(element) >>> 16]! : this.#lists[0]!;
    this.#move(lists, element, FREE);
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

  /** An element for a CPU whose list of free ones is empty, evicting others if there is none; 0 if even that fails. */
  #refill(cpu: number): number {
    const local = this.#local[cpu]!;
    this.#fetchFree(local);
    return this.#popFree(cpu) || this.#steal(local);
  }

  #popFree(cpu: number): number {
    return this.#code.popFree(this.#map, cpu) >>> 0;
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
      element = this.#popFree(cpu) || this.#popPending(this.#local[cpu]!);
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
    this.#code.enlist(element, head, cpuBits | type);
  }

  #unlink(element: number): void {
    this.#code.unlink(element);
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
