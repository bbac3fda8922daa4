import { BPF_TRACE_UPROBE_MULTI } from "@bpf-ts/uapi/attach-types";
import { attachTypeByName, attachTypeName, progTypeByName, progTypeName } from "@bpf-ts/uapi/names";
import { expect, test } from "vitest";
import { matchSection, SECTION_DEFS } from "../../src/index.ts";

test.each([
  ["kprobe/do_unlinkat", "kprobe", 2, 0, "do_unlinkat", "kprobe"],
  ["kprobe", "kprobe", 2, 0, "", "kprobe"],
  ["kretprobe/f+0x10", "kretprobe", 2, 0, "f+0x10", "kprobe"],
  ["ksyscall/openat", "ksyscall", 2, 0, "openat", "ksyscall"],
  ["kprobe.multi/tcp_*", "kprobe.multi", 2, 42, "tcp_*", "kprobe-multi"],
  ["uprobe.s//bin/sh:main", "uprobe.s", 2, 0, "/bin/sh:main", "uprobe"],
  ["tp/syscalls/sys_enter_openat", "tp", 5, 0, "syscalls/sys_enter_openat", "tracepoint"],
  ["raw_tp/sched_switch", "raw_tp", 17, 0, "sched_switch", "raw-tracepoint"],
  ["raw_tracepoint.w/x", "raw_tracepoint.w", 24, 0, "x", "raw-tracepoint"],
  ["tp_btf/sched_switch", "tp_btf", 26, 23, "sched_switch", "trace"],
  ["fentry.s/f", "fentry.s", 26, 24, "f", "trace"],
  ["fexit/f", "fexit", 26, 25, "f", "trace"],
  ["fmod_ret/f", "fmod_ret", 26, 26, "f", "trace"],
  ["iter/bpf_map_elem", "iter", 26, 28, "bpf_map_elem", "iter"],
  ["lsm/file_open", "lsm", 29, 27, "file_open", "lsm"],
  ["lsm_cgroup/socket_bind", "lsm_cgroup", 29, 43, "socket_bind", "none"],
  ["freplace/f", "freplace", 28, 0, "f", "trace"],
  ["struct_ops/init", "struct_ops", 27, 0, "init", "none"],
  ["socket", "socket", 1, 0, "", "none"],
  ["xdp", "xdp", 6, 37, "", "none"],
  ["xdp.frags/cpumap", "xdp.frags/cpumap", 6, 35, "", "none"],
  ["tc", "tc", 3, 0, "", "none"],
  ["tcx/egress", "tcx/egress", 3, 47, "", "none"],
  ["tc/egress", "tc/egress", 3, 47, "", "none"],
  ["cgroup_skb/egress", "cgroup_skb/egress", 8, 1, "", "none"],
  ["cgroup/skb", "cgroup/skb", 8, 0, "", "none"],
  ["cgroup/connect_unix", "cgroup/connect_unix", 18, 49, "", "none"],
  ["cgroup/getsockopt", "cgroup/getsockopt", 25, 21, "", "none"],
  ["sk_reuseport/migrate", "sk_reuseport/migrate", 21, 40, "", "none"],
  ["sk_skb/stream_verdict", "sk_skb/stream_verdict", 14, 5, "", "none"],
  ["sk_skb", "sk_skb", 14, 0, "", "none"],
  ["syscall", "syscall", 31, 0, "", "none"],
  ["netfilter", "netfilter", 32, 45, "", "none"],
  ["map_trace/m/UPDATE_ELEM", "map_trace", 26, 1024, "m/UPDATE_ELEM", "map-trace"],
  // Before 1.0 what followed was ignored, and public objects have it.
  ["xdp/drop", "xdp", 6, 37, "drop", "none"],
  ["classifier/ingress", "classifier", 3, 0, "ingress", "none"],
])("%s", (section, name, progType, attachType, target, attach) => {
  const match = matchSection(section);
  expect(match).toMatchObject({ def: { name, progType, attachType, attach }, target });
});

test.each([
  "",
  "xdp2",
  "prog",
  "kprobes/x",
  "kprobe_multi/x",
  "from-netdev",
  "tcx",
  "cgroup",
  ".text",
  "XDP",
  "fentryx/f",
])("%j is no section of libbpf's", (section) => {
  expect(matchSection(section)).toBeUndefined();
});

test("sleepable and fragmented programs", () => {
  const flags = (section: string): unknown => {
    const { sleepable, xdpFrags } = matchSection(section)!.def;
    return { sleepable, xdpFrags };
  };
  expect(flags("fentry.s/f")).toEqual({ sleepable: true });
  expect(flags("syscall")).toEqual({ sleepable: true });
  expect(flags("xdp.frags")).toEqual({ xdpFrags: true });
  expect(flags("xdp")).toEqual({});
});

test("each row can be met, and names types that exist", () => {
  expect(SECTION_DEFS).toHaveLength(102);
  expect(BPF_TRACE_UPROBE_MULTI).toBe(48);
  for (const def of SECTION_DEFS) {
    expect(matchSection(def.name)?.def).toBe(def);
    expect(progTypeByName(progTypeName(def.progType))).toBe(def.progType);
    if (def.name !== "map_trace") expect(attachTypeByName(attachTypeName(def.attachType))).toBe(def.attachType);
  }
});
