import { decode, INSN_SIZE } from "@bpf-ts/isa";
import { isMapTracer, mapTraceTargetOf } from "@bpf-ts/map-trace";
import { type ProgLoadAttr, type ProgLoadResult, UnsupportedError } from "@bpf-ts/uapi";
import { E2BIG, EBADF, EINVAL } from "@bpf-ts/uapi/errno";
import { BPF_MAP_TYPE_PROG_ARRAY } from "@bpf-ts/uapi/map-types";
import {
  BPF_F_ANY_ALIGNMENT,
  BPF_F_SLEEPABLE,
  BPF_F_STRICT_ALIGNMENT,
  BPF_F_TEST_REG_INVARIANTS,
  BPF_F_TEST_RND_HI32,
  BPF_F_TEST_STATE_FREQ,
  BPF_F_XDP_DEV_BOUND_ONLY,
  BPF_F_XDP_HAS_FRAGS,
} from "@bpf-ts/uapi/prog-flags";
import { BPF_PROG_TYPE_EXT } from "@bpf-ts/uapi/prog-types";
import { type AcceptVerdict, type VerifierInput, verify } from "@bpf-ts/verifier";
import { KernelError, VerifierRejection } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { MapObject } from "../objects/map-object.ts";
import { ProgObject } from "../objects/prog-object.ts";
import { programTag } from "../objects/program-tag.ts";
import { MapFile, ProgFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";
import { linkage } from "../run/linkage.ts";
import { btfOf } from "./files.ts";
import { checkObjectName } from "./object-name.ts";

/** BPF_COMPLEXITY_LIMIT_INSNS: also the longest program that a privileged loader may load. */
const MAX_INSNS = 1_000_000;

/** `prog_flags` that there are. */
const LOAD_FLAGS: number =
  BPF_F_STRICT_ALIGNMENT |
  BPF_F_ANY_ALIGNMENT |
  BPF_F_TEST_RND_HI32 |
  BPF_F_TEST_STATE_FREQ |
  BPF_F_SLEEPABLE |
  BPF_F_XDP_HAS_FRAGS |
  BPF_F_XDP_DEV_BOUND_ONLY |
  BPF_F_TEST_REG_INVARIANTS;

/** Licences that may call gpl_only helpers. @see v6.18 include/linux/license.h, license_is_gpl_compatible */
const GPL_COMPATIBLE: ReadonlySet<string> = new Set([
  "GPL",
  "GPL v2",
  "GPL and additional rights",
  "Dual BSD/GPL",
  "Dual MIT/GPL",
  "Dual MPL/GPL",
]);

/**
 * BPF_PROG_LOAD.
 *
 * @throws KernelError, VerifierRejection with the log, UnsupportedError
 * @see v6.18 kernel/bpf/syscall.c, bpf_prog_load
 */
export function progLoad(machine: Machine, process: Process, attr: ProgLoadAttr): ProgLoadResult {
  const flags = attr.progFlags ?? 0;
  if ((flags & ~LOAD_FLAGS) !== 0)
    throw new KernelError(EINVAL, `prog_flags 0x${flags.toString(16)}: known are 0x${LOAD_FLAGS.toString(16)}`);
  const slots = attr.insns.length / INSN_SIZE;
  if (slots === 0 || slots > MAX_INSNS)
    throw new KernelError(E2BIG, `program of ${slots} instructions: allowed are 1..${MAX_INSNS}`);
  if (!Number.isInteger(slots))
    throw new KernelError(EINVAL, `program of ${attr.insns.length} bytes: no multiple of ${INSN_SIZE}`);
  checkObjectName(attr.name ?? "");
  if (attr.attachProgFd !== undefined && attr.attachProgFd !== 0) {
    if (attr.progType === BPF_PROG_TYPE_EXT)
      throw new UnsupportedError("programs that replace another program's function");
    // The RFC compares bare numbers: a tracer must name the kernel's BTF.
    if (isMapTracer({ progType: attr.progType, expectedAttachType: attr.expectedAttachType ?? 0 })) {
      throw new KernelError(EINVAL, "map tracers attach to the kernel's hooks: attach_prog_fd must be 0");
    }
    throw new UnsupportedError("programs that trace another program");
  }
  const btf = describesItself(attr) ? btfOf(process, attr.btfFd ?? 0) : undefined;

  const input: VerifierInput = {
    progType: attr.progType,
    expectedAttachType: attr.expectedAttachType ?? 0,
    progFlags: attr.progFlags ?? 0,
    license: attr.license,
    name: attr.name ?? "",
    insns: attr.insns,
    mapByFd: (fd) => mapByFd(process, fd),
    logLevel: attr.logLevel ?? 0,
    kernVersion: attr.kernVersion ?? 0,
    attachBtfId: attr.attachBtfId ?? 0,
    ...(attr.fdArray === undefined ? {} : { fdArray: attr.fdArray }),
    ...(btf === undefined ? {} : { btf: btf.btf }),
    ...(attr.funcInfo === undefined ? {} : { funcInfo: attr.funcInfo }),
    ...(attr.lineInfo === undefined ? {} : { lineInfo: attr.lineInfo }),
  };
  const verdict = verify(input, machine.profile);
  if (verdict.kind === "unsupported") {
    throw new UnsupportedError(`${verdict.feature}${verdict.detail === "" ? "" : ` (${verdict.detail})`}`, {
      details: { feature: verdict.feature, detail: verdict.detail, log: verdict.log },
    });
  }
  if (verdict.kind === "reject") {
    const where = verdict.insn < 0 ? "" : ` (insn ${verdict.insn})`;
    throw new VerifierRejection(
      verdict.errno,
      `${verdict.message === "" ? "refused by the verifier" : verdict.message}${where}`,
      verdict.log,
      {
        details: { insn: verdict.insn, verifierCode: verdict.code },
      },
    );
  }
  process.fds.reserve();
  return { fd: process.fds.install(new ProgFile(makeProg(machine, attr, verdict, btf))), log: verdict.log };
}

/** The program's types are looked at, and kept, only where something refers to them. @see v6.18 kernel/bpf/verifier.c, check_btf_info_early */
function describesItself({ funcInfo, lineInfo }: ProgLoadAttr): boolean {
  return (funcInfo?.bytes.length ?? 0) > 0 || (lineInfo?.bytes.length ?? 0) > 0;
}

function mapByFd(process: Process, fd: number): MapObject | number {
  const file = process.fds.get(fd);
  if (file === undefined) return EBADF;
  return file instanceof MapFile ? file.map : EINVAL;
}

function makeProg(
  machine: Machine,
  attr: ProgLoadAttr,
  verdict: AcceptVerdict,
  btf: ReturnType<typeof btfOf> | undefined,
): ProgObject {
  const { program } = verdict;
  const usedMaps = program.usedMaps.map((id) => {
    const map = machine.objects.map.get(id);
    if (map === undefined) throw new Error(`the verifier names map ${id}, which does not exist`);
    return map;
  });
  for (const map of usedMaps) {
    if (map.def.type === BPF_MAP_TYPE_PROG_ARRAY && !map.acceptsTailCallTo(attr)) {
      throw new KernelError(EINVAL, `${map.describe()} holds programs of another type`);
    }
  }
  const prog = new ProgObject(
    {
      progType: attr.progType,
      expectedAttachType: attr.expectedAttachType ?? 0,
      name: attr.name ?? "",
      gplCompatible: GPL_COMPATIBLE.has(attr.license),
      tag: programTag(decode(attr.insns)),
      program,
      usedMaps,
      btf,
      attachBtfId: attr.attachBtfId ?? 0,
      mapTraceTarget: isMapTracer({ progType: attr.progType, expectedAttachType: attr.expectedAttachType ?? 0 })
        ? mapTraceTargetOf(machine.profile, machine.targets, attr.attachBtfId ?? 0)
        : undefined,
    },
    machine.cpus,
    (gone, free) => {
      machine.objects.prog.release(gone.id);
      machine.whenIdle(free);
    },
  );
  try {
    prog.executable = machine.vm.load(program, linkage(machine, prog));
  } catch (error) {
    // Not in the tables yet: only its references have to go.
    prog.putRef();
    throw error;
  }
  prog.id = machine.objects.prog.allocate(prog);
  return prog;
}
