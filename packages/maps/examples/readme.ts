import { MapError, MapTable } from "@bpf-ts/maps";
import { Memory } from "@bpf-ts/memory";
import { BPF_NOEXIST } from "@bpf-ts/uapi/map-flags";
import { BPF_MAP_TYPE_LRU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY } from "@bpf-ts/uapi/map-types";

const memory = new Memory();
const table = new MapTable(memory, { cpus: 2 });
const key = memory.alloc(8);
const value = memory.alloc(16);

// What a program's helpers do, on CPU 0.
const flows = table.create({
  type: BPF_MAP_TYPE_LRU_HASH,
  name: "flows",
  keySize: 8,
  valueSize: 8,
  maxEntries: 1000,
  mapFlags: 0,
});
memory.setU64(key, 0x0a000001n);
memory.setU64(value, 1500n);
console.log(flows.update(key, value, BPF_NOEXIST, 0)); // 0
console.log(flows.update(key, value, BPF_NOEXIST, 0)); // -17: EEXIST
const found = flows.lookup(key, 0);
memory.setU64(found, memory.getU64(found) + 60n);

// What bpf(2) does: values of all CPUs at once.
const drops = table.create({
  type: BPF_MAP_TYPE_PERCPU_ARRAY,
  name: "drops",
  keySize: 4,
  valueSize: 8,
  maxEntries: 1,
  mapFlags: 0,
});
memory.setU32(key, 0);
memory.setU64(drops.lookup(key, 1), 7n);
console.log(drops.sysValueSize); // 16
console.log(drops.sysLookup(key, value, 0), memory.getU64(value), memory.getU64(value + 8)); // 0 0n 7n

// Creation is refused as Linux refuses it.
try {
  table.create({ type: BPF_MAP_TYPE_LRU_HASH, name: "", keySize: 8, valueSize: 8, maxEntries: 0, mapFlags: 0 });
} catch (error) {
  if (!(error instanceof MapError)) throw error;
  console.log(error.code); // EINVAL
}

for (const map of table.maps()) map.close();
console.log(memory.liveBytes); // 24: our two buffers
