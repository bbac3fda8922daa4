import { Btf, BtfBuilder, codecFor, formatMapDump, renderC, renderTypeScript, validateBtf } from "@bpf-ts/btf";

// Type information as a compiler would write it …
const builder = new BtfBuilder();
const int = builder.addInt("int", 4, { signed: true });
const u64 = builder.addInt("unsigned long long", 8);
const char = builder.addInt("char", 1, { signed: true });
const state = builder.addEnum("state", [
  { name: "IDLE", value: 0 },
  { name: "BUSY", value: 1 },
]);
const job = builder.reserve();
const next = builder.addPtr(job);
builder.defineFields(job, "struct", "job", [
  { name: "pid", type: int },
  { name: "state", type: state },
  { name: "urgent", type: int, bits: 1 },
  { name: "comm", type: builder.addArray(char, 8, int) },
  { name: "started", type: u64 },
  { name: "next", type: next },
]);
const bytes = builder.encode();
console.log(validateBtf(bytes)); // { ok: true, log: '' }

// … and read: by name, by id, along a path.
const btf = Btf.parse(bytes);
console.log(btf.findByName("job", "struct") === job); // true
console.log(btf.sizeOf(job), btf.alignOf(job)); // 40 8
console.log(btf.memberPath("job", "next.started").offset); // 24

// Bytes to values and back.
const codec = codecFor(btf, job, { name: "job" });
const value = { pid: 42, state: "BUSY", urgent: -1, comm: "cat", started: 7n, next: 0n };
const encoded = codec.toBytes(value);
console.log((codec.decode(encoded) as typeof value).comm); // cat
try {
  codec.toBytes({ ...value, pid: "x" });
} catch (error) {
  console.log((error as Error).message); // job.pid: expected an integer -2147483648..2147483647, got "x"
}

// As bpftool prints a map, as C, as TypeScript.
console.log(formatMapDump(btf, { key: int, value: job }, [{ key: Uint8Array.of(1, 0, 0, 0), value: encoded }]));
console.log(renderC(btf, { roots: [job] }));
console.log(renderTypeScript(btf, { roots: [job] }));
