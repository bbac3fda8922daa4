import type { ProgFacts } from "../../src/types.ts";

/** Facts about a GPL program of a loader with all capabilities, where not said otherwise. */
export function progFacts(facts: Partial<ProgFacts> & Pick<ProgFacts, "progType">): ProgFacts {
  return {
    expectedAttachType: 0,
    license: "GPL",
    gplCompatible: true,
    sleepable: false,
    caps: { bpf: true, perfmon: true, netAdmin: true, sysAdmin: true },
    kernelBtf: undefined as never,
    attachBtfId: 0,
    attachFuncName: "",
    attachFuncProto: 0,
    strictAlignment: false,
    ...facts,
  };
}
