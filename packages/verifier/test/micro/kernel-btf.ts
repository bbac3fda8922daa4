import { type Btf, BtfBuilder } from "@bpf-ts/btf";

/**
 * A kernel's BTF in small: the structs, tracepoints, iterators and kernel functions that the micro-cases use, with the members that they read. Names and
 * shapes are Linux 6.18's as far as the cases go; ids, sizes and most offsets are not.
 */
export function smallKernelBtf(): Btf {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  const u32 = b.addInt("unsigned int", 4);
  const u64 = b.addInt("unsigned long long", 8);
  const char = b.addInt("char", 1, { signed: true, char: true });
  const bool = b.addInt("_Bool", 1, { bool: true });
  const voidPtr = b.addPtr(0);

  const task = b.reserve();
  const cgroup = b.reserve();
  const taskPtr = b.addPtr(task);
  const cgroupPtr = b.addPtr(cgroup);
  const kn = b.addFields("struct", "kernfs_node", [{ name: "id", type: u64 }]);
  const cssSet = b.addFields("struct", "css_set", [{ name: "dfl_cgrp", type: cgroupPtr }]);
  const cssSetRcu = b.addPtr(b.addTypeTag("rcu", cssSet));
  const signal = b.addFields("struct", "signal_struct", [{ name: "nr_threads", type: int }]);
  const either = b.addFields("union", "", [
    { name: "first", type: taskPtr },
    { name: "number", type: u64 },
  ]);
  b.defineFields(cgroup, "struct", "cgroup", [
    { name: "level", type: int },
    { name: "kn", type: b.addPtr(kn) },
  ]);
  b.defineFields(task, "struct", "task_struct", [
    { name: "pid", type: int },
    { name: "tgid", type: int },
    { name: "comm", type: b.addArray(char, 16, u32) },
    { name: "parent", type: taskPtr },
    { name: "real_parent", type: taskPtr },
    { name: "last_wakee", type: taskPtr },
    { name: "start_time", type: u64 },
    { name: "cgroups", type: cssSetRcu },
    { name: "signal", type: b.addPtr(signal) },
    { name: "stack", type: voidPtr },
    { name: "either", type: either },
    { name: "flag", type: u32, bits: 1 },
    { name: "other", type: u32, bits: 31 },
  ]);
  // Members that keep their struct's trust, as the kernel lists them.
  b.addFields("struct", "task_struct__safe_rcu", [
    { name: "cgroups", type: b.addPtr(cssSet) },
    { name: "real_parent", type: taskPtr },
  ]);
  b.addFields("struct", "css_set__safe_rcu", [{ name: "dfl_cgrp", type: cgroupPtr }]);
  b.addFields("struct", "cgroup__safe_rcu", [{ name: "kn", type: b.addPtr(kn) }]);

  const seq = b.addFields("struct", "seq_file", [{ name: "count", type: u64 }]);
  const meta = b.addFields("struct", "bpf_iter_meta", [
    { name: "seq", type: b.addPtr(seq) },
    { name: "session_id", type: u64 },
  ]);
  const metaPtr = b.addPtr(meta);
  b.addFields("struct", "bpf_iter_meta__safe_trusted", [{ name: "seq", type: b.addPtr(seq) }]);
  const map = b.addFields("struct", "bpf_map", [{ name: "id", type: u32 }]);
  b.addFields("struct", "bpf_array", [
    { name: "map", type: map },
    { name: "elem_size", type: u32 },
  ]);

  const common = b.addFields("struct", "sock_common", [{ name: "skc_family", type: u32 }]);
  const sock = b.addFields("struct", "sock", [
    { name: "__sk_common", type: common },
    { name: "sk_mark", type: u32 },
  ]);
  b.addFields("struct", "tcp_sock", [{ name: "sk", type: sock }]);
  const skb = b.addFields("struct", "sk_buff", [
    { name: "sk", type: b.addPtr(sock) },
    { name: "len", type: u32 },
  ]);
  const uapiSkb = b.addFields("struct", "__sk_buff", [{ name: "len", type: u32 }]);
  b.addFields("struct", "vm_area_struct", [{ name: "vm_start", type: u64 }]);

  const func = (name: string, ret: number, params: readonly (readonly [name: string, type: number])[]): void => {
    const proto = b.addFuncProto(
      ret,
      params.map(([n, type]) => ({ name: n, type })),
    );
    b.addFunc(name, proto);
  };

  // Tracepoints: the typedef that programs name, and the function that has the names of the arguments.
  const tracepoint = (name: string, params: readonly (readonly [name: string, type: number])[]): void => {
    const all = [["__data", voidPtr] as const, ...params];
    const proto = b.addFuncProto(
      0,
      all.map(([n, type]) => ({ name: n, type })),
    );
    b.addTypedef(`btf_trace_${name}`, b.addPtr(proto));
    func(`__bpf_trace_${name}`, 0, all);
  };
  tracepoint("task_newtask", [
    ["task", taskPtr],
    ["clone_flags", u64],
  ]);
  tracepoint("tcp_send_reset", [
    ["sk", b.addPtr(sock)],
    ["skb__nullable", b.addPtr(skb)],
    ["name", b.addPtr(char)],
    ["callback", b.addPtr(b.addFuncProto(0, []))],
  ]);

  func("bpf_iter_task", int, [
    ["meta", metaPtr],
    ["task", taskPtr],
  ]);
  func("bpf_iter_bpf_map_elem", int, [
    ["meta", metaPtr],
    ["map", b.addPtr(map)],
    ["key", voidPtr],
    ["value", voidPtr],
  ]);
  func("security_file_open", int, [["file", b.addPtr(seq)]]);
  func("bpf_fentry_test1", int, [["a", int]]);

  const iterNum = b.addPtr(
    b.addFields("struct", "bpf_iter_num", [{ name: "__opaque", type: b.addArray(u64, 1, u32) }]),
  );
  func("bpf_iter_num_new", int, [
    ["it", iterNum],
    ["start", int],
    ["end", int],
  ]);
  func("bpf_iter_num_next", b.addPtr(int), [["it", iterNum]]);
  func("bpf_iter_num_destroy", 0, [["it", iterNum]]);
  func("bpf_rcu_read_lock", 0, []);
  func("bpf_rcu_read_unlock", 0, []);
  func("bpf_preempt_disable", 0, []);
  func("bpf_preempt_enable", 0, []);
  func("bpf_task_acquire", taskPtr, [["p", taskPtr]]);
  func("bpf_task_release", 0, [["p", taskPtr]]);
  func("bpf_task_from_pid", taskPtr, [["pid", int]]);
  func("bpf_cgroup_acquire", cgroupPtr, [["cgrp", cgroupPtr]]);
  func("bpf_cgroup_release", 0, [["cgrp", cgroupPtr]]);
  func("bpf_throw", 0, [["cookie", u64]]);
  const dynptr = b.addPtr(b.addFields("struct", "bpf_dynptr", [{ name: "__opaque", type: b.addArray(u64, 2, u32) }]));
  func("bpf_dynptr_from_skb", int, [
    ["s", b.addPtr(uapiSkb)],
    ["flags", u64],
    ["ptr__uninit", dynptr],
  ]);
  func("bpf_dynptr_slice", voidPtr, [
    ["p", dynptr],
    ["offset", u64],
    ["buffer__opt", voidPtr],
    ["buffer__szk", u64],
  ]);
  func("bpf_dynptr_is_null", bool, [["p", dynptr]]);
  func("bpf_rdonly_cast", voidPtr, [
    ["obj__ign", voidPtr],
    ["btf_id__k", u32],
  ]);
  const node = (name: string): number => b.addPtr(b.addFields("struct", name, [{ name: "__opaque", type: u64 }]));
  const listNode = node("bpf_list_node");
  const listHead = node("bpf_list_head");
  const treeNode = node("bpf_rb_node");
  const treeRoot = node("bpf_rb_root");
  const work = node("bpf_wq");
  func("bpf_obj_new_impl", voidPtr, [
    ["local_type_id__k", u64],
    ["meta__ign", voidPtr],
  ]);
  func("bpf_obj_drop_impl", 0, [
    ["p__alloc", voidPtr],
    ["meta__ign", voidPtr],
  ]);
  func("bpf_refcount_acquire_impl", voidPtr, [
    ["p__refcounted_kptr", voidPtr],
    ["meta__ign", voidPtr],
  ]);
  func("bpf_list_push_back_impl", int, [
    ["head", listHead],
    ["node", listNode],
    ["meta__ign", voidPtr],
    ["off", u64],
  ]);
  func("bpf_list_pop_front", listNode, [["head", listHead]]);
  func("bpf_rbtree_add_impl", int, [
    ["root", treeRoot],
    ["node", treeNode],
    [
      "less",
      b.addPtr(
        b.addFuncProto(bool, [
          { name: "a", type: treeNode },
          { name: "b", type: treeNode },
        ]),
      ),
    ],
    ["meta__ign", voidPtr],
    ["off", u64],
  ]);
  func("bpf_rbtree_first", treeNode, [["root", treeRoot]]);
  func("bpf_rbtree_remove", treeNode, [
    ["root", treeRoot],
    ["node", treeNode],
  ]);
  func("bpf_wq_init", int, [
    ["wq", work],
    ["p__map", voidPtr],
    ["flags", u32],
  ]);
  func("bpf_wq_start", int, [
    ["wq", work],
    ["flags", u32],
  ]);
  func("bpf_wq_set_callback_impl", int, [
    ["wq", work],
    [
      "callback_fn",
      b.addPtr(
        b.addFuncProto(int, [
          { name: "map", type: voidPtr },
          { name: "key", type: b.addPtr(int) },
          { name: "value", type: voidPtr },
        ]),
      ),
    ],
    ["flags", u32],
    ["aux__prog", voidPtr],
  ]);
  func("not_for_programs", int, []);
  return b.toBtf();
}
