import { type Btf, validateBtf } from "@bpf-ts/btf";
import { BpfError, type ProgLoadAttr, UnsupportedError } from "@bpf-ts/uapi";
import { EBADF } from "@bpf-ts/uapi/errno";
import { progTypeName } from "@bpf-ts/uapi/names";
import { BPF_PROG_TYPE_EXT } from "@bpf-ts/uapi/prog-types";
import {
  type UnsupportedFeature,
  type Verdict,
  type VerifierInput,
  type VerifierMap,
  type VerifierStats,
  verify,
} from "@bpf-ts/verifier";
import { type ObjectSpec, type ProgramSpec, progLoadAttr } from "libbpf-ts";
import { unsupportedMessage } from "../batch/record.ts";
import type { TargetKernel } from "./kernel-types.ts";
import { unknownSection } from "./open.ts";
import { verifierMap } from "./verifier-maps.ts";

/** What the verifier says of one program of an object. */
export interface ProgramResult {
  program: string;
  section: string;
  /** Program type, e.g. `xdp`; '' where the section does not say. */
  type: string;
  /** error: the object, or what was asked for, is wrong. */
  verdict: "accept" | "reject" | "unsupported" | "error";
  /** Positive; 0 unless rejected. */
  errno: number;
  /** The last line of the log before the statistics; '' on accept. */
  message: string;
  stats: VerifierStats;
  unsupported?: string;
  /** In the kernel's format; '' without one. */
  log: string;
}

/** How programs are verified. */
export interface VerifyOptions {
  kernel: TargetKernel;
  /** Bits: 1, 2 = verbosity; 4 = statistics. */
  logLevel: number;
  /** Programs to look at. */
  wanted: (program: ProgramSpec) => boolean;
}

/** fds of the object's maps, and of its BTF, while there is no kernel that gives numbers. */
const FIRST_MAP_FD = 3;
const BTF_FD = 2;

const NO_STATS: VerifierStats = {
  processed: 0,
  maxStatesPerInsn: 0,
  totalStates: 0,
  peakStates: 0,
  markRead: 0,
  usec: 0,
};

/**
 * Verifies programs of an object, each as if it were loaded alone, without a kernel: maps are known by their definitions, and whether they could be
 * created is not asked.
 */
export function verifyObject(
  spec: ObjectSpec,
  options: VerifyOptions,
): { results: ProgramResult[]; warnings: readonly string[] } {
  const warnings = [...spec.warnings];
  const btf = acceptedBtf(spec.btf, warnings);
  const names = [...spec.maps.keys()];
  const maps = [...spec.maps.values()].map((map, index) => verifierMap(map, index, btf));
  const { profile } = options.kernel;
  const context = {
    bpf: undefined,
    object: spec,
    btfFd: btf === undefined ? undefined : BTF_FD,
    kernelBtf: () => profile.kernelBtf,
    map: (name: string) => {
      const index = names.indexOf(name);
      return index < 0 ? undefined : { fd: FIRST_MAP_FD + index };
    },
    logLevel: options.logLevel,
  };
  const results = [...spec.programs.values()].filter(options.wanted).map((program) => {
    let attr: ProgLoadAttr;
    try {
      attr = progLoadAttr(context, program);
    } catch (error) {
      if (!(error instanceof BpfError)) throw error;
      return notLoaded(program, error, options.kernel);
    }
    return resultOf(program, verify(inputOf(attr, btf, maps), profile));
  });
  return { results, warnings };
}

/** BTF that the kernel refuses is left out, as libbpf does. */
function acceptedBtf(btf: Btf | undefined, warnings: string[]): Btf | undefined {
  if (btf === undefined) return undefined;
  const verdict = validateBtf(btf.bytes);
  if (verdict.ok) return btf;
  warnings.push(`the kernel refuses the object's BTF: ${verdict.log.trimEnd().split("\n").at(-1) ?? ""}`);
  return undefined;
}

function inputOf(attr: ProgLoadAttr, btf: Btf | undefined, maps: readonly VerifierMap[]): VerifierInput {
  const { progType, license, insns, funcInfo, lineInfo, attachBtfId } = attr;
  return {
    progType,
    expectedAttachType: attr.expectedAttachType ?? 0,
    progFlags: attr.progFlags ?? 0,
    license,
    name: attr.name ?? "",
    insns,
    mapByFd: (fd) => maps[fd - FIRST_MAP_FD] ?? EBADF,
    kernVersion: attr.kernVersion ?? 0,
    logLevel: attr.logLevel ?? 0,
    ...(btf === undefined ? {} : { btf }),
    ...(funcInfo === undefined ? {} : { funcInfo }),
    ...(lineInfo === undefined ? {} : { lineInfo }),
    ...(attachBtfId === undefined ? {} : { attachBtfId }),
  };
}

function head(program: ProgramSpec): Pick<ProgramResult, "program" | "section" | "type"> {
  const type = program.progType === 0 ? "" : progTypeName(program.progType);
  return { program: program.name, section: program.section, type };
}

function resultOf(program: ProgramSpec, verdict: Verdict): ProgramResult {
  const { kind, stats, log } = verdict;
  return {
    ...head(program),
    verdict: kind,
    errno: kind === "reject" ? verdict.errno : 0,
    message: kind === "accept" ? "" : kind === "reject" ? verdict.message : unsupportedMessage(verdict),
    stats,
    ...(kind === "unsupported" ? { unsupported: verdict.feature } : {}),
    log,
  };
}

/** A program that does not get as far as the verifier. */
function notLoaded(program: ProgramSpec, error: BpfError, kernel: TargetKernel): ProgramResult {
  const result = { ...head(program), errno: 0, message: error.message, stats: NO_STATS, log: "" };
  if (error instanceof UnsupportedError) return { ...result, verdict: "unsupported", unsupported: error.feature };
  if (error.code === "SECTION_UNKNOWN") {
    return { ...result, verdict: "error", message: unknownSection(program.section) };
  }
  if (program.progType === BPF_PROG_TYPE_EXT)
    return { ...result, verdict: "unsupported", unsupported: "attach-prog" satisfies UnsupportedFeature };
  if (error.errno === undefined) return { ...result, verdict: "error" };
  // What a kernel does not have it refuses; what the in-process one does not have, others may.
  if (kernel.isGiven) return { ...result, verdict: "reject", errno: error.errno };
  const message = `${error.message} (in-process kernel; give another kernel's types by --kernel-btf)`;
  return { ...result, verdict: "unsupported", unsupported: "attach-target", message };
}
