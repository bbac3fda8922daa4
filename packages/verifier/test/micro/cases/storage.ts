import type { MicroCase } from "../case.ts";

const TIMER = `
           *(u32 *)(r10 -4) = 0
           r2 = r10
           r2 += -4
           r1 = map[fd:21]
           call bpf_map_lookup_elem#1
           if r0 == 0x0 goto none
           r6 = r0
           r1 = r6
           r1 += 8`;
const WORK = TIMER.replace("fd:21", "fd:24");
const END = "\nnone: r0 = 0\nexit";
const SK = `
           r6 = *(u64 *)(r1 +168)
           if r6 == 0x0 goto none
           r1 = r6
           call bpf_sk_fullsock#95
           if r0 == 0x0 goto none
           r2 = r0`;

/** Timers and work queues, whose callbacks run later; storage of sockets and tasks. */
export const STORAGE_CASES: readonly MicroCase[] = [
  {
    name: "timer with a callback",
    code: `${TIMER}\nr2 = subprog[cb]\ncall bpf_timer_set_callback#170${END}\ncb: r0 = 0\nexit`,
  },
  {
    name: "timer whose callback returns 1",
    code: `${TIMER}\nr2 = subprog[cb]\ncall bpf_timer_set_callback#170${END}\ncb: r0 = 1\nexit`,
  },
  {
    name: "timer whose callback reads its value",
    code: `${TIMER}\nr2 = subprog[cb]\ncall bpf_timer_set_callback#170${END}\ncb: r0 = *(u64 *)(r3 +0)\nr0 = *(u32 *)(r2 +0)\nr0 = 0\nexit`,
  },
  {
    name: "timer whose callback reads the timer",
    code: `${TIMER}\nr2 = subprog[cb]\ncall bpf_timer_set_callback#170${END}\ncb: r0 = *(u64 *)(r3 +8)\nr0 = 0\nexit`,
  },
  {
    name: "timer whose callback reads its caller's stack",
    code: `${TIMER}\nr2 = subprog[cb]\ncall bpf_timer_set_callback#170${END}\ncb: r0 = *(u64 *)(r10 -8)\nr0 = 0\nexit`,
  },
  { name: "timer started", code: `${TIMER}\nr2 = 0\nr3 = 0\ncall bpf_timer_start#171${END}` },
  { name: "timer of a number", code: "r1 = 0\nr2 = 0\nr3 = 0\ncall bpf_timer_start#171\nr0 = 0\nexit" },
  { name: "timer in a tracing program", type: 5, code: `${TIMER}\nr2 = 0\nr3 = 0\ncall bpf_timer_start#171${END}` },
  { name: "work queue of its map", code: `${WORK}\nr2 = map[fd:24]\nr3 = 0\ncall kfunc bpf_wq_init${END}` },
  { name: "work queue of another map", code: `${WORK}\nr2 = map[fd:21]\nr3 = 0\ncall kfunc bpf_wq_init${END}` },
  { name: "timer as a work queue", code: `${TIMER}\nr2 = map[fd:21]\nr3 = 0\ncall kfunc bpf_wq_init${END}` },
  {
    name: "work beside the work queue",
    code: `${WORK}\nr1 += -8\nr2 = map[fd:24]\nr3 = 0\ncall kfunc bpf_wq_init${END}`,
  },
  {
    name: "work whose callback may sleep",
    code: `${WORK}\nr2 = subprog[cb]\nr3 = 0\nr4 = 0\ncall kfunc bpf_wq_set_callback_impl${END}\ncb: r1 = r10\nr1 += -8\nr2 = 8\nr3 = 0\ncall bpf_copy_from_user#148\nr0 = 0\nexit`,
  },
  { name: "work started", code: `${WORK}\nr2 = 0\ncall kfunc bpf_wq_start${END}` },
  {
    name: "socket's storage",
    code: `${SK}\nr1 = map[fd:26]\nr3 = 0\nr4 = 1\ncall bpf_sk_storage_get#107\nif r0 == 0x0 goto none\nr0 = *(u64 *)(r0 +8)${END}`,
  },
  {
    name: "socket's storage unchecked",
    code: `${SK}\nr1 = map[fd:26]\nr3 = 0\nr4 = 1\ncall bpf_sk_storage_get#107\nr0 = *(u64 *)(r0 +8)${END}`,
  },
  {
    name: "socket's storage by the task's map",
    code: `${SK}\nr1 = map[fd:27]\nr3 = 0\nr4 = 1\ncall bpf_sk_storage_get#107${END}`,
  },
  {
    name: "task's storage of a socket",
    code: `${SK}\nr1 = map[fd:27]\nr3 = 0\nr4 = 1\ncall bpf_task_storage_get#156${END}`,
    type: 5,
  },
  {
    name: "current task's storage",
    code: `call bpf_get_current_task_btf#158\nr2 = r0\nr1 = map[fd:27]\nr3 = 0\nr4 = 1\ncall bpf_task_storage_get#156\nif r0 == 0x0 goto none\nr0 = *(u64 *)(r0 +8)${END}`,
    type: 5,
  },
  {
    name: "current task's storage, initial value too short",
    code: `call bpf_get_current_task_btf#158\nr2 = r0\nr1 = map[fd:27]\nr3 = r10\nr3 += -8\nr4 = 1\ncall bpf_task_storage_get#156${END}`,
    type: 5,
  },
  {
    name: "storage looked up by key",
    code: `*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\nr1 = map[fd:26]\ncall bpf_map_lookup_elem#1${END}`,
  },
  {
    name: "current task given back",
    code: `call bpf_get_current_task_btf#158\nr1 = r0\ncall kfunc bpf_task_release${END}`,
    type: 5,
  },
  {
    name: "current task acquired",
    code: `call bpf_get_current_task_btf#158\nr1 = r0\ncall kfunc bpf_task_acquire\nif r0 == 0x0 goto none\nr1 = r0\ncall kfunc bpf_task_release${END}`,
    type: 5,
  },
  {
    name: "parent of the current task acquired",
    code: `call bpf_get_current_task_btf#158\nr1 = *(u64 *)(r0 +task_struct.parent)\ncall kfunc bpf_task_acquire\nif r0 == 0x0 goto none\nr1 = r0\ncall kfunc bpf_task_release${END}`,
    type: 5,
  },
  {
    name: "kernel object cast and read",
    code: `r1 = r10\nr2 = ktype task_struct\ncall kfunc bpf_rdonly_cast\nr0 = *(u32 *)(r0 +0)${END}`,
    type: 5,
  },
  {
    name: "kernel object cast and written",
    code: `r1 = r10\nr2 = ktype task_struct\ncall kfunc bpf_rdonly_cast\n*(u32 *)(r0 +0) = 1${END}`,
    type: 5,
  },
  {
    name: "memory cast and read",
    code: `r1 = r10\nr2 = 0\ncall kfunc bpf_rdonly_cast\nr0 = *(u32 *)(r0 +1000)${END}`,
    type: 5,
  },
  {
    name: "object kept in a map, exchanged",
    code: `*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\nr1 = map[fd:22]\ncall bpf_map_lookup_elem#1\nif r0 == 0x0 goto none\nr6 = r0\ncall bpf_get_current_task_btf#158\nr1 = r0\ncall kfunc bpf_task_acquire\nif r0 == 0x0 goto none\nr1 = r6\nr2 = r0\ncall bpf_kptr_xchg#194\nif r0 == 0x0 goto none\nr1 = r0\ncall kfunc bpf_task_release${END}`,
    type: 5,
  },
  {
    name: "object not owned kept in a map",
    code: `*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\nr1 = map[fd:22]\ncall bpf_map_lookup_elem#1\nif r0 == 0x0 goto none\nr6 = r0\ncall bpf_get_current_task_btf#158\nr1 = r6\nr2 = r0\ncall bpf_kptr_xchg#194${END}`,
    type: 5,
  },
  {
    name: "object stored untrusted",
    code: `*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\nr1 = map[fd:22]\ncall bpf_map_lookup_elem#1\nif r0 == 0x0 goto none\nr6 = r0\ncall bpf_get_current_task_btf#158\n*(u64 *)(r6 +8) = r0\nr1 = *(u64 *)(r6 +8)\nif r1 == 0x0 goto none\nr0 = *(u32 *)(r1 +0)${END}`,
    type: 5,
  },
  {
    name: "object stored untrusted, taken for trusted",
    code: `*(u32 *)(r10 -4) = 0\nr2 = r10\nr2 += -4\nr1 = map[fd:22]\ncall bpf_map_lookup_elem#1\nif r0 == 0x0 goto none\nr1 = *(u64 *)(r0 +8)\nif r1 == 0x0 goto none\ncall kfunc bpf_task_acquire\nif r0 == 0x0 goto none\nr1 = r0\ncall kfunc bpf_task_release${END}`,
    type: 5,
  },
];
