import type { MicroCase } from "../case.ts";

/** A new object in r6; to `none` if there is no memory. */
const NEW = `
           r1 = type item
           r2 = 0
           call kfunc bpf_obj_new_impl
           if r0 == 0x0 goto none
           r6 = r0`;
const DROP = `
           r1 = r6
           r2 = 0
           call kfunc bpf_obj_drop_impl`;
/** The value with the list and the tree in r7. It must come before what is held. */
const HOLDER = `
           *(u32 *)(r10 -4) = 0
           r2 = r10
           r2 += -4
           r1 = map[fd:25]
           call bpf_map_lookup_elem#1
           if r0 == 0x0 goto none
           r7 = r0`;
const LOCK = "\nr1 = r7\ncall bpf_spin_lock#93";
const UNLOCK = "\nr1 = r7\ncall bpf_spin_unlock#94";
const PUSH = `
           r1 = r7
           r1 += 8
           r2 = r6
           r2 += 8
           r3 = 0
           r4 = 0
           call kfunc bpf_list_push_back_impl`;
const POP = `
           r1 = r7
           r1 += 8
           call kfunc bpf_list_pop_front`;
const ADD = `
           r1 = r7
           r1 += 24
           r2 = r6
           r2 += 32
           r3 = subprog[less]
           r4 = 0
           r5 = 0
           call kfunc bpf_rbtree_add_impl`;
const FIRST = `
           r1 = r7
           r1 += 24
           call kfunc bpf_rbtree_first`;
const END = "\nnone: r0 = 0\nexit";
const LESS = "\nless: r0 = 0\nexit";

/** Objects that programs make; lists and trees of them; work queues. */
export const OBJECT_CASES: readonly MicroCase[] = [
  { name: "made and dropped", code: `${NEW}${DROP}${END}` },
  { name: "made and kept", code: `${NEW}${END}` },
  { name: "made of no known type", code: `r1 = 4711\nr2 = 0\ncall kfunc bpf_obj_new_impl${END}` },
  { name: "made of a type that varies", code: `r1 = *(u32 *)(r1 +0)\nr2 = 0\ncall kfunc bpf_obj_new_impl${END}` },
  {
    name: "dropped unchecked",
    code: `r1 = type pair\nr2 = 0\ncall kfunc bpf_obj_new_impl\nr1 = r0\nr2 = 0\ncall kfunc bpf_obj_drop_impl${END}`,
  },
  { name: "dropped twice", code: `${NEW}${DROP}${DROP}${END}` },
  { name: "a number written", code: `${NEW}\n*(u64 *)(r6 +0) = 1${DROP}${END}` },
  { name: "a number written behind its end", code: `${NEW}\n*(u64 *)(r6 +72) = 1${DROP}${END}` },
  { name: "a node written", code: `${NEW}\n*(u64 *)(r6 +8) = 1${DROP}${END}` },
  { name: "written after it was dropped", code: `${NEW}${DROP}\n*(u64 *)(r6 +0) = 1${END}` },
  {
    name: "two objects in one call",
    code: `${NEW}
           r1 = type item
           r2 = 0
           call kfunc bpf_obj_new_impl
           if r0 == 0x0 goto one
           r7 = r0
           r1 = r6
           r2 = r7
           call kfunc bpf_obj_drop_impl
           r1 = r7
           r2 = 0
           call kfunc bpf_obj_drop_impl
           goto none
           one: r1 = r6
           r2 = 0
           call kfunc bpf_obj_drop_impl${END}`,
  },
  { name: "moved and dropped", code: `${NEW}\nr1 = r6\nr1 += 8\nr2 = 0\ncall kfunc bpf_obj_drop_impl${END}` },
  {
    name: "counted twice",
    code: `${NEW}\nr1 = r6\nr2 = 0\ncall kfunc bpf_refcount_acquire_impl\nr8 = r0${DROP}\nr1 = r8\nr2 = 0\ncall kfunc bpf_obj_drop_impl${END}`,
  },
  {
    name: "counted twice, dropped once",
    code: `${NEW}\nr1 = r6\nr2 = 0\ncall kfunc bpf_refcount_acquire_impl${DROP}${END}`,
  },
  {
    name: "counted without a counter",
    code: `r1 = type pair\nr2 = 0\ncall kfunc bpf_obj_new_impl\nif r0 == 0x0 goto none\nr1 = r0\nr2 = 0\ncall kfunc bpf_refcount_acquire_impl${END}`,
  },
  { name: "given to a list", code: `${HOLDER}${NEW}${LOCK}${PUSH}${UNLOCK}${END}` },
  { name: "given to a list without the lock", code: `${HOLDER}${NEW}${PUSH}${END}` },
  {
    name: "given to a list, then written under the lock",
    code: `${HOLDER}${NEW}${LOCK}${PUSH}\n*(u64 *)(r6 +0) = 1${UNLOCK}${END}`,
  },
  {
    name: "given to a list, then written without the lock",
    code: `${HOLDER}${NEW}${LOCK}${PUSH}${UNLOCK}\n*(u64 *)(r6 +0) = 1${END}`,
  },
  { name: "given to a list twice", code: `${HOLDER}${NEW}${LOCK}${PUSH}${PUSH}${UNLOCK}${END}` },
  {
    name: "given to a list by the wrong node",
    code: `${HOLDER}${NEW}${LOCK}${PUSH.replace("r2 += 8", "r2 += 32")}${UNLOCK}${END}`,
  },
  {
    name: "given to what is no list",
    code: `${HOLDER}${NEW}${LOCK}${PUSH.replace("r1 += 8", "r1 += 24")}${UNLOCK}${END}`,
  },
  {
    name: "taken from a list",
    code: `${HOLDER}${LOCK}${POP}\nr8 = r0${UNLOCK}\nif r8 == 0x0 goto none\nr8 += -8\nr1 = r8\nr2 = 0\ncall kfunc bpf_obj_drop_impl${END}`,
  },
  { name: "taken from a list and kept", code: `${HOLDER}${LOCK}${POP}${UNLOCK}${END}` },
  {
    name: "taken from a list, dropped by its node",
    code: `${HOLDER}${LOCK}${POP}\nr8 = r0${UNLOCK}\nif r8 == 0x0 goto none\nr1 = r8\nr2 = 0\ncall kfunc bpf_obj_drop_impl${END}`,
  },
  { name: "put into a tree", code: `${HOLDER}${NEW}${LOCK}${ADD}${UNLOCK}${END}${LESS}` },
  { name: "put into a tree without the lock", code: `${HOLDER}${NEW}${ADD}${END}${LESS}` },
  { name: "compared by a number", code: `${HOLDER}${NEW}${LOCK}${ADD.replace("subprog[less]", "0")}${UNLOCK}${END}` },
  {
    name: "compared by calls",
    code: `${HOLDER}${NEW}${LOCK}${ADD}${UNLOCK}${END}\nless: call bpf_ktime_get_ns#5\nr0 = 0\nexit`,
  },
  {
    name: "first of a tree read",
    code: `${HOLDER}${LOCK}${FIRST}\nr8 = 0\nif r0 == 0x0 goto done\nr8 = *(u64 *)(r0 -32)\ndone: ${UNLOCK.trim()}${END}`,
  },
  {
    name: "first of a tree read without the lock",
    code: `${HOLDER}${LOCK}${FIRST}\nr8 = r0${UNLOCK}\nif r8 == 0x0 goto none\nr0 = *(u64 *)(r8 -32)${END}`,
  },
  {
    name: "first of a tree removed",
    code: `${HOLDER}${LOCK}${FIRST}\nr8 = 0\nif r0 == 0x0 goto done\nr1 = r7\nr1 += 24\nr2 = r0\ncall kfunc bpf_rbtree_remove\nr8 = r0\ndone: ${UNLOCK.trim()}\nif r8 == 0x0 goto none\nr1 = r8\nr1 += -32\nr2 = 0\ncall kfunc bpf_obj_drop_impl${END}`,
  },
  {
    name: "an object that is in no tree removed",
    code: `${HOLDER}${NEW}${LOCK}\nr1 = r7\nr1 += 24\nr2 = r6\nr2 += 32\ncall kfunc bpf_rbtree_remove${UNLOCK}${END}`,
  },
  { name: "value with a list looked up by a tracing program", code: `${HOLDER}${END}`, type: 5 },
];
