/** What a comparison of two versions says, and what comes of taking maps over, on both kernels. */
import { BpfError } from "@bpf-ts/uapi";
import { compareObjects, type ObjectSpec } from "libbpf-ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openProg } from "../../src/objects.ts";
import { kernels, type OpenKernel } from "./kernels.ts";

/** The new version with one of its maps taken over, and no others. */
function takingOver(name: string, fd: number): ObjectSpec {
  const spec = openProg("compat_new");
  for (const map of spec.maps.values()) map.autocreate = false;
  spec.map(name).reuseFd = fd;
  return spec;
}

for (const { name, open, skip } of kernels()) {
  describe.skipIf(skip)(name, () => {
    let kernel: OpenKernel;
    beforeEach(() => {
      kernel = open();
    });
    afterEach(() => {
      expect(kernel.describeLive()).toEqual([]);
    });

    test("a reusable map: the new version finds what the old one has put there", () => {
      const [was, is] = [openProg("compat_old"), openProg("compat_new")];
      const { maps } = compareObjects(was, is);
      expect(maps.filter(({ verdict }) => verdict === "reusable").map((map) => map.name)).toEqual(["totals"]);
      using old = was.load(kernel.bpf);
      const key = { saddr: 1, daddr: 2, sport: 3, dport: 4 };
      old.map("totals").set(key, { packets: 5, bytes: 6 });
      using fresh = takingOver("totals", old.map("totals").fd).load(kernel.bpf);
      expect([...fresh.map("totals")]).toEqual([[key, { packets: 5, bytes: 6 }]]);
      fresh.map("totals").set(key, { packets: 50, bytes: 60 });
      expect(old.map("totals").get(key)).toEqual({ packets: 50, bytes: 60 });
    });

    test.each(["flows", "counters", "opaque"])("%s, which is not reusable, is not taken over by mistake", (map) => {
      using old = openProg("compat_old").load(kernel.bpf);
      let error: unknown;
      try {
        takingOver(map, old.map(map).fd).load(kernel.bpf).close();
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(BpfError);
      expect(error).toMatchObject({ code: "LOAD" });
    });
  });
}
