import { BPF_TRACE_FENTRY } from "@bpf-ts/uapi/attach-types";
import { BPF_TRACE_MAP } from "@bpf-ts/uapi/map-trace";
import { BPF_PROG_TYPE_KPROBE, BPF_PROG_TYPE_TRACING } from "@bpf-ts/uapi/prog-types";
import { defaultProfile, type VerifierInput } from "@bpf-ts/verifier";
import { expect, test } from "vitest";
import { Btf, BtfBuilder } from "../../btf/src/index.ts";
import {
  isMapTracer,
  mapTraceRewrite,
  mapTraceTargetOf,
  TargetRegistry,
  UPDATE_ELEM_TARGET,
  withMapTrace,
} from "../src/index.ts";

const builder = new BtfBuilder();
const int = builder.addInt("int", 4, { signed: true });
const ptr = builder.addPtr(0);
const proto = builder.addFuncProto(int, [{ name: "key", type: ptr }]);
const updateHook = builder.addFunc("bpf_map_trace__BPF_MAP_TRACE_UPDATE_ELEM", proto);
const deleteHook = builder.addFunc("bpf_map_trace__BPF_MAP_TRACE_DELETE_ELEM", proto);
const otherFunc = builder.addFunc("vfs_read", proto);
const base = defaultProfile(Btf.parse(builder.encode()));
const registry = new TargetRegistry();
const profile = withMapTrace(base, registry);

function check(more: Partial<VerifierInput>): ReturnType<typeof profile.checkAttach> {
  return profile.checkAttach({
    progType: BPF_PROG_TYPE_TRACING,
    expectedAttachType: BPF_TRACE_MAP,
    progFlags: 0,
    license: "GPL",
    name: "",
    insns: new Uint8Array(8),
    mapByFd: () => 9,
    logLevel: 0,
    attachBtfId: updateHook,
    ...more,
  });
}

test("a hook, with key and value as buffers", () => {
  expect(check({})).toEqual({
    name: "bpf_map_trace__BPF_MAP_TRACE_UPDATE_ELEM",
    protoId: proto,
    bufferArgs: [{ arg: 0 }, { arg: 1 }],
  });
  expect(check({ attachBtfId: deleteHook })).toEqual({
    name: "bpf_map_trace__BPF_MAP_TRACE_DELETE_ELEM",
    protoId: proto,
    bufferArgs: [{ arg: 0 }],
  });
});

test.each<[string, Partial<VerifierInput>, string]>([
  ["a program as target", { attachProg: true }, "Map tracers attach to the kernel's hooks, not to programs"],
  [
    "sleepable",
    { progFlags: 1 << 4 },
    "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable",
  ],
  ["no id", { attachBtfId: 0 }, "Tracing programs must provide btf_id"],
  ["no function", { attachBtfId: int }, `attach_btf_id ${int} is not a function`],
  ["beyond the BTF", { attachBtfId: 1000 }, "attach_btf_id 1000 is not a function"],
  ["a function that is no hook", { attachBtfId: otherFunc }, `attach_btf_id ${otherFunc} is not a map trace target`],
])("%s is refused", (_name, input, text) => {
  expect(check(input)).toEqual({ errno: 22, text });
});

test("other programs are the base profile's to judge", () => {
  const input = { expectedAttachType: BPF_TRACE_FENTRY, attachBtfId: otherFunc };
  expect(check(input)).toMatchObject({ name: "vfs_read" });
  expect(isMapTracer({ progType: BPF_PROG_TYPE_KPROBE, expectedAttachType: BPF_TRACE_MAP })).toBe(false);
  expect(isMapTracer({ progType: BPF_PROG_TYPE_TRACING, expectedAttachType: BPF_TRACE_MAP })).toBe(true);
});

test("adds the rewrite and leaves the base as it was", () => {
  expect(profile.callRewrites).toEqual([...base.callRewrites, mapTraceRewrite]);
  expect(base.callRewrites).not.toContain(mapTraceRewrite);
});

test("targets by id; one that is not registered any more is none", () => {
  const own = new TargetRegistry();
  expect(mapTraceTargetOf(base, own, updateHook)).toBe(UPDATE_ELEM_TARGET);
  expect(mapTraceTargetOf(base, own, otherFunc)).toBeUndefined();
  expect(mapTraceTargetOf(base, own, -1)).toBeUndefined();
  own.unregister(UPDATE_ELEM_TARGET);
  expect(mapTraceTargetOf(base, own, updateHook)).toBeUndefined();
  expect(withMapTrace(base, own).checkAttach).not.toBe(base.checkAttach);
});
