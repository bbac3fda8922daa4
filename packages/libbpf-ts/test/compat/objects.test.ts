import { describe, expect, test } from "vitest";
import { compareObjects, type MapDifference, type ObjectComparison, openObject } from "../../src/index.ts";
import { readProg } from "../objects.ts";

function compareProgs(oldName: string, newName: string): ObjectComparison {
  return compareObjects(openObject(readProg(oldName)), openObject(readProg(newName)));
}

/** `kind path old -> new: effect`, a place as `offset+size type`. */
function line(difference: MapDifference): string {
  const { kind, path, effect } = difference;
  const say = (side: MapDifference["old"]): string =>
    typeof side !== "object"
      ? `${side ?? "-"}`
      : `${side.offset}${side.bitSize === undefined ? "" : `:${side.bitOffset}:${side.bitSize}`}+${side.size} ${side.type}`;
  return `${kind} ${path} ${say(difference.old)} -> ${say(difference.new)}: ${effect}`;
}

test("the RFC's upgrade: the key's two fields change places", () => {
  expect(compareProgs("bpf_map_trace_real_world_old", "bpf_map_trace_real_world_new")).toEqual({
    verdict: "migratable",
    maps: [
      { name: "filtered_pids", verdict: "reusable", differences: [], warnings: [] },
      {
        name: "allow_writes",
        verdict: "migratable",
        differences: [
          {
            kind: "renamed",
            path: "key",
            old: { offset: 0, size: 8, type: "struct allow_key__old" },
            new: { offset: 0, size: 8, type: "struct allow_key__new" },
            effect: "reusable",
            reason: "struct allow_key__old is now called allow_key__new",
          },
          {
            kind: "moved",
            path: "key.pid",
            old: { offset: 0, size: 4, type: "__u32" },
            new: { offset: 4, size: 4, type: "__u32" },
            effect: "migratable",
            reason: "from offset 0 to 4",
          },
          {
            kind: "moved",
            path: "key.fd",
            old: { offset: 4, size: 4, type: "__s32" },
            new: { offset: 0, size: 4, type: "__s32" },
            effect: "migratable",
            reason: "from offset 4 to 0",
          },
        ],
        warnings: [],
      },
    ],
    added: [],
    removed: [],
    constants: [],
  });
});

test("legacy maps: without types, sizes are all there is", () => {
  const { verdict, maps } = compareProgs("bpf_map_trace_update_elem", "bpf_map_trace_delete_elem");
  expect(verdict).toBe("reusable");
  expect(maps.find(({ name }) => name === "traced_map")).toEqual({
    name: "traced_map",
    verdict: "reusable",
    differences: [],
    warnings: [
      "key: its type is not known on both sides: compared by size alone",
      "value: its type is not known on both sides: compared by size alone",
    ],
  });
});

describe("two versions of an object", () => {
  const comparison = compareProgs("compat_old", "compat_new");
  const map = (name: string) => comparison.maps.find((candidate) => candidate.name === name)!;

  test("the whole", () => {
    expect(comparison.verdict).toBe("breaking");
    expect(comparison.maps.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      "flows migratable",
      "totals reusable",
      "counters migratable",
      "by_pid breaking",
      "opaque breaking",
      "jobs breaking",
      ".bss migratable",
    ]);
    expect(comparison.added).toEqual(["only_new"]);
    expect(comparison.removed).toEqual(["only_old"]);
    expect(comparison.constants).toEqual([".rodata"]);
  });

  test("fields of key and value, with offsets as clang laid them out", () => {
    expect(map("flows").differences.map(line)).toEqual([
      "changed key_size 12 -> 16: migratable",
      "changed value_size 48 -> 56: migratable",
      "renamed key 0+12 struct flow_key -> 0+16 struct flow_key_v2: reusable",
      "moved key.saddr 0+4 __u32 -> 4+4 __u32: migratable",
      "moved key.daddr 4+4 __u32 -> 0+4 __u32: migratable",
      "added key.proto - -> 12+1 __u8: migratable",
      "renamed value.out 8+8 struct pair -> 8+16 struct wide_pair: reusable",
      "resized value.out.bytes 12+4 __u32 -> 16+8 __u64: migratable",
      "retyped value.state 16+4 enum state -> 24+4 enum state: migratable",
      "resized value.flags 20:0:4+1 __u32 -> 28:0:6+1 __u32: migratable",
      "moved value.mark 20:4:8+2 __u32 -> 28:6:8+2 __u32: migratable",
      "resized value.comm 22+16 char [16] -> 30+8 char [8]: migratable",
      "retyped value.error 40+4 __s32 -> 40+4 __u32: migratable",
      "renamed value.tos 45+1 __u8 -> 45+1 __u8: migratable",
      "added value.lock - -> 48+4 struct bpf_spin_lock: migratable",
    ]);
    expect(map("flows").differences.find(({ path }) => path === "value.state")?.reason).toBe(
      "enumerator STATE_GONE was 2 and is 3, from offset 16 to 24",
    );
    expect(map("flows").warnings).toEqual([
      "value.comm: elements from 8 on have no place",
      "value.lock: struct bpf_spin_lock is the kernel's and is not copied; the new map's starts empty",
    ]);
  });

  test("properties", () => {
    expect(map("counters").differences.map(line)).toEqual([
      "changed type hash -> array: migratable",
      "changed max_entries 64 -> 16: migratable",
      "changed map_flags BPF_F_NO_PREALLOC -> none: migratable",
    ]);
    expect(map("counters").warnings).toEqual([
      "type: entries whose key is max_entries or above have no place in an array",
      "max_entries: of 64 entries 16 fit; the migration fails if more are in use",
    ]);
  });

  test("what breaks", () => {
    expect(map("by_pid").differences.map(line)).toEqual(["retyped key 0+4 __u32 -> 0+4 struct pid_key: breaking"]);
    expect(map("opaque").differences.map(line)).toEqual(["changed value_size 12 -> 16: breaking"]);
    expect(map("jobs").differences).toEqual([
      {
        kind: "changed",
        path: "max_entries",
        old: 64,
        new: 128,
        effect: "breaking",
        reason: "a map's capacity is fixed when it is created; writes to queue maps cannot be traced",
      },
    ]);
  });

  test("global data by variable", () => {
    expect(map(".bss").differences.map(line)).toEqual([
      "changed value_size 12 -> 16: migratable",
      "resized value.dropped 8+4 __u32 -> 8+8 __u64: migratable",
    ]);
    expect(map(".bss").warnings).toEqual([
      "value: global data and mapped memory are written without map operations, which is all that tracing sees",
    ]);
  });
});

test.each(["compat_old", "compat_new", "loader_maps", "loader_data"])("%s against itself is reusable", (name) => {
  const { verdict, maps, added, removed } = compareProgs(name, name);
  expect(verdict).toBe("reusable");
  expect(maps.length).toBeGreaterThan(0);
  expect(maps.flatMap(({ differences }) => differences)).toEqual([]);
  expect([...added, ...removed]).toEqual([]);
});

test("only additions: the program takes over what there was", () => {
  const { verdict, added } = compareProgs("loader_core", "loader_maps");
  expect(verdict).toBe("reusable");
  expect(added).toContain("allowed");
});
