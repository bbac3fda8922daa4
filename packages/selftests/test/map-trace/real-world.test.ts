/**
 * `real_world_example`: a write policy is upgraded to another layout of its state while a process goes on opening and closing files. v2 form (map tracers)
 * and v4 form (fentry on the functions that map operations call).
 */
import { createKernel, type Kernel, type Process } from "@bpf-ts/kernel";
import type { BpfObject } from "libbpf-ts";
import { describe, expect, test } from "vitest";
import { openProg } from "../../src/objects.ts";
import { u32 } from "./bytes.ts";

const MAX_OPEN_FILES = 16;
const EPERM = 1;
const DATA = new Uint8Array([1]);

const OLD = "bpf_map_trace_real_world_old";
const NEW = "bpf_map_trace_real_world_new";
/** What each form's migration is attached to. */
const FORMS = [
  { form: "v2", migration: "bpf_map_trace_real_world_migration" },
  { form: "v4", migration: "bpf_map_trace_v4_real_world_migration" },
] as const;

/** Loads a version of the policy for the given process and attaches it. */
function loadPolicy(kernel: Kernel, name: string, filtered: Process): BpfObject {
  const policy = openProg(name).load(kernel.bpf);
  policy.map("filtered_pids").set(u32(filtered.pid), u32(1));
  policy.attach();
  return policy;
}

/** Opens files until the limit, checks that the one too many is not writable, closes all again. */
function checkLimit(app: Process, free: number): void {
  const fds = Array.from({ length: free + 1 }, (_, i) => app.openat(`limit-${i}`));
  expect(fds.map((fd) => app.write(fd, DATA))).toEqual([...Array<number>(free).fill(1), -EPERM]);
  for (const fd of fds) expect(app.close(fd)).toBe(0);
}

interface Outcome {
  /** What writing to the file opened after the bulk copy answers under the new policy. */
  write: number;
  /** Whether the file closed after the bulk copy still has an entry in the new map. */
  closedIsThere: boolean;
  /** Entries in the new map at the end. */
  entries: number;
}

function upgrade(kernel: Kernel, migrationName: string, withTracers: boolean): Outcome {
  const app = kernel.spawn({ comm: "app" });
  const old = loadPolicy(kernel, OLD, app);
  const single = app.openat("single");
  expect(app.write(single, DATA)).toBe(1);
  expect(app.close(single)).toBe(0);
  checkLimit(app, MAX_OPEN_FILES);
  // A process that is not filtered has no entries either: whatever it opens is not writable.
  const other = kernel.spawn({ comm: "other" });
  const unfiltered = other.openat("other");
  expect(other.write(unfiltered, DATA)).toBe(-EPERM);
  other.exit();
  expect([...old.map("allow_writes").keyBytes()]).toEqual([]);

  const next = openProg(NEW).load(kernel.bpf);
  const migrationSpec = openProg(migrationName);
  migrationSpec.map("old_map").reuseFd = old.map("allow_writes").fd;
  migrationSpec.map("new_map").reuseFd = next.map("allow_writes").fd;
  const migration = migrationSpec.load(kernel.bpf);

  // Open before the bulk copy. The placeholder keeps the next file from getting the closed one's number.
  const before = app.openat("before");
  const placeholder = app.openat("placeholder");
  expect(app.write(before, DATA)).toBe(1);

  if (withTracers) {
    migration.attach();
    expect(migration.links).toHaveLength(2);
  }
  const iterator = migration.program("bulk_copy").attachIterator({ map: old.map("allow_writes") });
  const run = iterator.iterate();
  expect(run.readAll()).toEqual(new Uint8Array(0));
  run.close();
  iterator.close();
  expect([...next.map("allow_writes").keyBytes()]).toHaveLength(2);

  // Close one file after the copy, open another.
  expect(app.close(before)).toBe(0);
  const stand_in = app.openat("stand-in");
  expect(stand_in).toBe(before);
  const after = app.openat("after");
  expect(after).not.toBe(before);
  expect(app.close(stand_in)).toBe(0);

  next.map("filtered_pids").set(u32(app.pid), u32(1));
  next.attach();
  migration.close();
  old.close();

  const key = (fd: number): Uint8Array => u32(fd, app.pid);
  const outcome = {
    write: app.write(after, DATA),
    closedIsThere: next.map("allow_writes").has(key(before)),
    entries: [...next.map("allow_writes").keyBytes()].length,
  };
  expect(app.write(placeholder, DATA)).toBe(1);
  if (withTracers) {
    // The limit holds, and nothing but the two open files occupies a slot.
    checkLimit(app, MAX_OPEN_FILES - 2);
  }
  expect(app.close(after)).toBe(0);
  expect(app.close(placeholder)).toBe(0);
  next.close();
  app.exit();
  return outcome;
}

describe.each(FORMS)("real_world_example ($form)", ({ form, migration: name }) => {
  test("nothing is lost and nothing is stale with the tracers attached", () => {
    const kernel = createKernel();
    expect(upgrade(kernel, name, true)).toEqual({ write: 1, closedIsThere: false, entries: 2 });
    expect(kernel.describeLive()).toEqual([]);
  });

  test("control that must fail: the same upgrade without tracers loses the second file and keeps the closed one", () => {
    const kernel = createKernel();
    expect(upgrade(kernel, name, false)).toEqual({ write: -EPERM, closedIsThere: true, entries: 2 });
  });

  test("reused maps keep the name that the migration declares, and its max_entries is no error", () => {
    const kernel = createKernel();
    const old = openProg(OLD).load(kernel.bpf);
    const next = openProg(NEW).load(kernel.bpf);
    const spec = openProg(name);
    spec.map("old_map").reuseFd = old.map("allow_writes").fd;
    spec.map("new_map").reuseFd = next.map("allow_writes").fd;
    expect(spec.map("old_map")).toMatchObject({ origin: "btf", maxEntries: 100 });
    const migration = spec.load(kernel.bpf);
    expect(migration.map("old_map").info()).toMatchObject({ name: "allow_writes", maxEntries: MAX_OPEN_FILES });
    migration.attach();
    const { id } = old.map("allow_writes").info();
    const attachedTo = migration.links.map((link) => link.info().mapTrace?.mapId);
    expect(attachedTo).toEqual(form === "v2" ? [id, id] : [undefined, undefined]);
    migration.close();
    next.close();
    old.close();
  });
});
