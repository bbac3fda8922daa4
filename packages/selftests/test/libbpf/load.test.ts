/** Objects loaded into the in-process kernel and run: what they compute says whether everything was put in its place. */
import { createKernel, type Kernel } from "@bpf-ts/kernel";
import { EBADFD, EEXIST, EINVAL, EPERM } from "@bpf-ts/uapi/errno";
import { type BpfObject, camelCase, LibbpfError, openMap, openObject } from "libbpf-ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openProg, readObject } from "../../src/objects.ts";
import { caught } from "../caught.ts";

let kernel: Kernel;
beforeEach(() => {
  kernel = createKernel();
});
afterEach(() => {
  expect(kernel.describeLive()).toEqual([]);
});

/** A packet that is `length` bytes long. */
function packet(length: number): { data: Uint8Array } {
  return { data: new Uint8Array(length) };
}

describe("functions", () => {
  test("subprograms of several programs, static, global and hidden", () => {
    const spec = openProg("loader_calls");
    using object = spec.load(kernel.bpf);
    // Test runs come in on interface 1, queue 0: concealed(1) + first(0) = (1 + 3 - 1) + ((0 + 3) * 2 + (0 + 3)); first(5) = (5 + 3) * 2 + (5 + 3)
    expect(object.program("uses_all").run(packet(64)).retval).toBe(12);
    expect(object.program("uses_one").run(packet(64)).retval).toBe(24);
    expect([...object.programs.keys()]).toEqual(["uses_all", "uses_one"]);
    expect(object.warnings).toEqual([]);
  });

  test("a function whose address a helper takes", () => {
    const spec = openProg("loader_calls");
    spec.program("uses_address").autoload = true;
    using object = spec.load(kernel.bpf);
    // 0 + 1 + 2 + 3 + 4
    expect(object.program("uses_address").run(packet(64)).retval).toBe(10);
  });
});

describe("global data", () => {
  test("is there when a program runs, and keeps what it writes", () => {
    using object = openProg("loader_data").load(kernel.bpf);
    const count = object.program("count");
    expect([count.run(packet(64)).retval, count.run(packet(65)).retval]).toEqual([10, 13]);
    const values = Object.fromEntries([...object.variables].map(([name, variable]) => [name, variable.get()]));
    expect(values).toEqual({
      start: 13,
      corner: { x: 1, y: -2 },
      color: "GREEN",
      step_size: 3,
      limit: 100,
      greeting: "hello",
      verbose: false,
      custom: 0x11223346,
      magic: 0xbeef,
      secret: 44,
      runs: 2n,
      hidden_runs: 4,
      // By the length of the packet without its Ethernet header, modulo 4.
      pool: [0, 0, 1, 1],
    });
  });

  test("can be changed before loading, constants included, and after", () => {
    const spec = openProg("loader_data");
    spec.variable("verbose").set(true);
    spec.variable("limit").set(5);
    spec.variable("runs").set(100n);
    using object = spec.load(kernel.bpf);
    const count = object.program("count");
    expect(count.run(packet(64)).retval).toBe(5);
    expect(object.variable("corner").get()).toEqual({ x: 0xbef0, y: -2 });
    object.variable("start").set(-10);
    object.variable("secret").set(1);
    expect(count.run(packet(64)).retval | 0).toBe(-7);
    expect(object.variable("runs").get()).toBe(102n);
    expect(object.variable("secret").get()).toBe(2);
    expect(object.variable("custom").get()).toBe(0x11223346);
  });

  test("constants are frozen", () => {
    using object = openProg("loader_data").load(kernel.bpf);
    expect(caught(() => object.variable("limit").set(1))).toMatchObject({ errno: EPERM });
    expect(caught(() => object.variable("magic").set(1))).toMatchObject({ errno: EPERM });
    expect(object.map(".rodata").info()).toMatchObject({ frozen: true, name: "loader_d.rodata" });
  });

  test("a section is one value, whose variables have names", () => {
    using object = openProg("loader_data").load(kernel.bpf);
    expect(object.map(".data").get(0)).toEqual({ start: 7, corner: { x: 1, y: -2 }, color: "GREEN", step_size: 3 });
  });

  test("specs are not used up: loaded twice, each has its own", () => {
    const spec = openProg("loader_data");
    using one = spec.load(kernel.bpf);
    using two = spec.load(kernel.bpf);
    one.program("count").run(packet(64));
    expect([one.variable("runs").get(), two.variable("runs").get()]).toEqual([1n, 0n]);
  });
});

describe("maps", () => {
  let object: BpfObject;
  beforeEach(() => {
    object = openProg("loader_maps").load(kernel.bpf);
  });
  afterEach(() => {
    object.close();
  });

  test("typed keys and values beside bytes", () => {
    const allowed = object.map("allowed");
    allowed.set({ pid: 50, fd: -1 }, { do_allow: true, since: 7n, comm: "vitest" });
    expect(object.program("look_up").run(packet(64)).retval).toBe(11);
    allowed.set({ pid: 50, fd: -1 }, { do_allow: false, since: 8, comm: "" });
    expect(object.program("look_up").run(packet(64)).retval).toBe(10);
    expect(object.program("look_up").run(packet(65)).retval).toBe(0);
    const key = new Uint8Array([50, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    expect(allowed.get(key)).toEqual({ do_allow: false, since: 8n, comm: "" });
    expect(allowed.get(Buffer.from(key))).toEqual(allowed.get(key));
    expect([...allowed]).toEqual([
      [
        { pid: 50, fd: -1 },
        { do_allow: false, since: 8n, comm: "" },
      ],
    ]);
    expect([...allowed.keys()]).toEqual([{ pid: 50, fd: -1 }]);
    expect([...allowed.values()]).toHaveLength(1);
    expect(caught(() => allowed.set(key, { do_allow: true, since: 1n, comm: "x" }, 1n))).toMatchObject({
      errno: EEXIST,
    });
    expect([allowed.has(key), allowed.delete(key), allowed.delete(key), allowed.has(key), allowed.get(key)]).toEqual([
      true,
      true,
      false,
      false,
      undefined,
    ]);
  });

  test("members have their names in C, unless others are asked for", () => {
    using other = openObject(readObject("loader_maps"), { name: "loader_maps", memberName: camelCase }).load(
      kernel.bpf,
    );
    const allowed = other.map("allowed");
    allowed.set({ pid: 50, fd: -1 }, { doAllow: true, since: 7n, comm: "vitest" });
    expect(allowed.get({ pid: 50, fd: -1 })).toEqual({ doAllow: true, since: 7n, comm: "vitest" });
    expect(other.program("look_up").run(packet(64)).retval).toBe(11);
    expect(caught(() => allowed.set({ pid: 50, fd: -1 }, { do_allow: true, since: 7n, comm: "" })).message).toMatch(
      /^map allowed: value/,
    );
    // The same map without the object, and variables.
    const byFd = openMap(kernel.bpf, allowed.fd, { memberName: camelCase });
    expect(byFd.get({ pid: 50, fd: -1 })).toEqual({ doAllow: true, since: 7n, comm: "vitest" });
    expect(openMap(kernel.bpf, allowed.fd).get({ pid: 50, fd: -1 })).toMatchObject({ do_allow: true });
  });

  test.each<[string, (o: BpfObject) => unknown, string]>([
    ["a member too few", (o) => o.map("allowed").get({ pid: 1 }), "map allowed: key"],
    ["a number too large", (o) => o.map("allowed").get({ pid: 2 ** 32, fd: 0 }), "map allowed: key.pid"],
    ["bytes too few", (o) => o.map("allowed").get(new Uint8Array(7)), "map allowed: key: expected 8 bytes, got 7"],
    [
      "an object for a map without types",
      (o) => o.map("without_types").get({}),
      "map without_types: key: there is no type for it: expected a Uint8Array of 4 bytes, got an object",
    ],
    [
      "a number for 6 bytes",
      (o) => o.map("without_types").set(1, 2),
      "map without_types: value: an integer cannot stand for 6 bytes: expected a Uint8Array",
    ],
    [
      "one value for several CPUs",
      (o) => o.map("per_cpu").set(0, 1),
      "map per_cpu: value: expected an array of 4, one a possible CPU, or 32 bytes",
    ],
    [
      "a map that is not there",
      (o) => o.map("denied"),
      'no map in loader_maps is named "denied": there are inner_one, ',
    ],
  ])("%s", (_, act, message) => {
    const error = caught(() => act(object));
    expect(error.message.slice(0, message.length)).toBe(message);
  });

  test("integers for maps without types, indexes for arrays", () => {
    object.map("without_types").set(7, new Uint8Array([1, 2, 3, 4, 5, 6]));
    expect([...object.map("without_types")]).toEqual([
      [new Uint8Array([7, 0, 0, 0]), new Uint8Array([1, 2, 3, 4, 5, 6])],
    ]);
    expect([...object.map("jumps").keys()]).toEqual([0, 1, 2, 3]);
  });

  test("per-CPU values are arrays", () => {
    const perCpu = object.map("per_cpu");
    perCpu.set(0, [1, 2, 3, 4]);
    expect(perCpu.get(0)).toEqual([1, 2, 3, 4]);
  });

  test("queues have no keys", () => {
    const queue = object.map("queue");
    queue.set(undefined, new Uint8Array([1, 0, 0, 0])).set(undefined, 2);
    expect([queue.get(), queue.take(), queue.take(), queue.take()]).toEqual([1, 1, 2, undefined]);
  });

  test("initial values: programs in a PROG_ARRAY", () => {
    const jump = object.program("jump");
    // The length without the Ethernet header is 14 more than the slot.
    expect([28, 29, 30, 31].map((length) => jump.run(packet(length)).retval)).toEqual([77, 1, 78, 1]);
    object.map("jumps").set(1, object.program("other_leaf"));
    expect(jump.run(packet(29)).retval).toBe(78);
    expect(object.map("jumps").get(1)).toBe(object.program("other_leaf").info().id);
  });

  test("initial values: maps in a map", () => {
    object.map("inner_one").set(0, 41n);
    expect(object.program("through_outer").run(packet(64)).retval).toBe(41);
    object.map("inner_two").set(0, 42);
    object.map("outer").set(1, object.map("inner_two"));
    expect(object.program("through_outer").run(packet(64)).retval).toBe(42);
    expect(object.map("outer").get(3)).toBe(object.map("inner_two").info().id);
  });
});

describe("before loading", () => {
  test("maps can be changed", () => {
    const spec = openProg("loader_maps");
    Object.assign(spec.map("allowed"), { maxEntries: 1, mapFlags: 0, name: "renamed" });
    using object = spec.load(kernel.bpf);
    expect(object.map("allowed").info()).toMatchObject({ maxEntries: 1, mapFlags: 0, name: "renamed" });
  });

  test("maps can be shared: the object works on the other's, and leaves it open", () => {
    using owner = openProg("loader_maps").load(kernel.bpf);
    const spec = openProg("loader_maps");
    spec.map("allowed").reuseFd = owner.map("allowed").fd;
    const user = spec.load(kernel.bpf);
    owner.map("allowed").set({ pid: 50, fd: -1 }, { do_allow: true, since: 0n, comm: "" });
    expect(user.program("look_up").run(packet(64)).retval).toBe(11);
    expect(user.map("allowed").info().id).toBe(owner.map("allowed").info().id);
    user.close();
    expect(owner.map("allowed").get({ pid: 50, fd: -1 })).toBeDefined();
  });

  test("what is shared must be a map of the same type and sizes", () => {
    using owner = openProg("loader_maps").load(kernel.bpf);
    const load = (fd: number) => (): unknown => {
      const spec = openProg("loader_maps");
      spec.map("allowed").reuseFd = fd;
      return spec.load(kernel.bpf);
    };
    expect(caught(load(owner.map("queue").fd)).message).toBe(
      `map allowed: fd ${owner.map("queue").fd} is a map of type 22 with keys of 0 and values of 4 bytes, declared are type 1, 8 and 24`,
    );
    expect(caught(load(owner.program("leaf").fd)).message).toMatch(
      /^map allowed: fd \d+, which it is to reuse, is a prog$/,
    );
    expect(caught(load(999))).toMatchObject({ code: "LOAD", errno: EBADFD });
  });

  test("maps that are not created: programs that use them are refused, the others run", () => {
    const spec = openProg("loader_maps");
    spec.map("jumps").autocreate = false;
    expect(caught(() => spec.load(kernel.bpf)).message).toMatch(
      /^program jump: map jumps is used, but was not created \(autocreate is off\):/,
    );
    spec.program("jump").autoload = false;
    using object = spec.load(kernel.bpf);
    expect(object.program("leaf").run(packet(64)).retval).toBe(77);
    expect([...object.maps.keys()]).not.toContain("jumps");
  });

  test("pinned maps are refused by name; without pinning they are maps as others", () => {
    const spec = openProg("loader_maps");
    spec.map("allowed").pinning = 1;
    expect(caught(() => spec.load(kernel.bpf))).toMatchObject({
      name: "UnsupportedError",
      feature: "pinned maps",
      message: "unsupported: pinned maps (map allowed: set its pinning to 0, and reuseFd to share it)",
    });
  });

  test("a section that is unknown needs a type", () => {
    const spec = openProg("loader_legacy");
    expect(caught(() => spec.load(kernel.bpf))).toMatchObject({
      code: "SECTION_UNKNOWN",
      message:
        'program unknown_section: section "from-netdev" is no name that libbpf knows: set progType and attachType, or autoload to false',
    });
    spec.program("unknown_section").progType = 3;
    using object = spec.load(kernel.bpf);
    expect(object.program("unknown_section").run(packet(64)).retval).toBe(0);
    object.map("annotated").set(1, { a: 2, b: 3 });
    expect(object.program("unknown_section").run(packet(64)).retval).toBe(1);
    object.map("brief").set(0, 9n);
    expect(object.program("look").run(packet(64)).retval).toBe(10);
  });
});

describe("what is refused", () => {
  test.each([
    ["loader_externs", "extern kconfig variables"],
    ["loader_core", "CO-RE relocations"],
  ])("%s: %s", (name, feature) => {
    expect(caught(() => openProg(name).load(kernel.bpf))).toMatchObject({ name: "UnsupportedError", feature });
  });

  test("programs of such objects that need nothing of it load", () => {
    const spec = openProg("loader_externs");
    for (const program of spec.programs.values()) program.autoload = program.name === "plain";
    using object = spec.load(kernel.bpf);
    expect(object.program("plain").run(packet(64)).retval).toBe(3);
    expect(object.warnings).toEqual([]);
  });

  test("by the verifier: errno, the log's end in the message, the whole log beside it", () => {
    const spec = openProg("loader_data");
    // r0 = *(u64 *)(r2 + 0) instead of the first instruction: r2 was never set.
    spec.program("set_step").code.insns.set([0x79, 0x20, 0, 0, 0, 0, 0, 0]);
    const error = caught(() => spec.load(kernel.bpf));
    expect(error).toBeInstanceOf(LibbpfError);
    expect(error).toMatchObject({ code: "LOAD", errno: 13, details: { program: "set_step" } });
    expect(error.message).toMatch(/^program set_step: R2 !read_ok/);
    expect(error.details?.["log"]).toMatch(/0: R1=ctx\(\) R10=fp0\n(.*\n)*.*R2 !read_ok\nprocessed 1 insns /);
    expect(error.cause).toMatchObject({ name: "VerifierRejection", errno: 13 });
  });

  test("by the map's type: errno and the map's name", () => {
    const spec = openProg("loader_maps");
    spec.map("per_cpu").maxEntries = 0;
    expect(caught(() => spec.load(kernel.bpf))).toMatchObject({
      code: "LOAD",
      errno: EINVAL,
      details: { map: "per_cpu" },
    });
  });

  test("contents that do not fit", () => {
    const spec = openProg("loader_data");
    spec.map(".data").contents = new Uint8Array(3);
    expect(caught(() => spec.load(kernel.bpf)).message).toBe("map .data: contents of 3 bytes, its value has 20");
  });

  test("without descriptors left nothing stays behind", () => {
    const spec = openProg("loader_maps");
    for (let limit = 1; limit < 13; limit++) {
      const small = createKernel({ maxFds: limit });
      expect(caught(() => spec.load(small.bpf))).toMatchObject({ errno: 24 });
      expect(small.describeLive()).toEqual([]);
    }
  });
});

describe("everything can be closed", () => {
  test("objects, programs, maps: twice, in any order", () => {
    const object = openProg("loader_maps").load(kernel.bpf);
    const { fd } = object.map("queue");
    object.map("queue").close();
    object.program("leaf")[Symbol.dispose]();
    object.program("leaf").close();
    expect(caught(() => object.map("queue").get())).toMatchObject({ code: "STATE", message: "map queue is closed" });
    expect(caught(() => object.program("leaf").run())).toMatchObject({ code: "STATE" });
    expect(caught(() => kernel.bpf.objGetInfo(fd))).toMatchObject({ errno: EBADFD });
    object.close();
    object.close();
    expect(caught(() => object.attach())).toMatchObject({ code: "STATE", message: "object loader_maps is closed" });
    expect(caught(() => object.map("allowed").fd)).toMatchObject({ code: "STATE" });
  });

  test("a BPF program that nobody can attach by its section", () => {
    using object = openProg("loader_calls").load(kernel.bpf);
    expect(caught(() => object.program("uses_one").attach())).toMatchObject({
      code: "ATTACH",
      message: 'program uses_one: section "xdp" does not say what to attach it to',
    });
    object.attach();
    expect(object.links).toEqual([]);
  });
});
