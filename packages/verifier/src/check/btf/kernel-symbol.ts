import { EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { reject } from "../../reject.ts";
import type { Env } from "../../state/env.ts";
import { btfReg, memReg, type RegState } from "../../state/reg-state.ts";
import { MEM_PERCPU, MEM_RDONLY, PTR_TO_BTF_ID, PTR_TO_MEM } from "../../state/reg-type.ts";
import { unsupported } from "../../unsupported.ts";
import { resolveSize } from "./resolve-size.ts";
import { isStructOrUnion } from "./type-class.ts";
import { btfTypeName } from "./type-names.ts";

const PERCPU_SECTION = ".data..percpu";

/**
 * What an ld_imm64 of a kernel variable or function yields.
 *
 * The kernel's symbol table is taken to have whatever its BTF names.
 *
 * @param imm Id in the kernel's BTF.
 * @param btfFd Other than 0: of a module's BTF.
 * @see v6.18 kernel/bpf/verifier.c, check_pseudo_btf_id
 */
export function resolveKernelSymbol(env: Env, insnIdx: number, imm: number, btfFd: number): RegState {
  const refuse = (errno: number, text: string): never => reject(env, insnIdx, "instruction", errno, text);
  if (btfFd !== 0) unsupported("module-btf", "variable of a module");
  const btf = env.profile.kernelBtf;
  const id = imm >>> 0;
  if (id >= btf.typeCount) return refuse(ENOENT, `ldimm64 insn specifies invalid btf_id ${imm}.`);
  const symbol = btf.type(id);
  if (symbol.kind === "func") return memReg(PTR_TO_MEM | MEM_RDONLY, 0);
  if (symbol.kind !== "var") return refuse(EINVAL, `pseudo btf_id ${imm} in ldimm64 isn't KIND_VAR or KIND_FUNC`);

  const sectionId = btf.findByName(PERCPU_SECTION, "datasec");
  const section = sectionId === undefined ? undefined : btf.type(sectionId);
  if (section?.kind === "datasec" && section.vars.some((v) => v.type === id)) {
    return btfReg(PTR_TO_BTF_ID | MEM_PERCPU, btf, symbol.type);
  }
  const target = btf.resolve(symbol.type);
  if (isStructOrUnion(btf, target)) return btfReg(PTR_TO_BTF_ID, btf, symbol.type);
  const size = resolveSize(btf, target)?.size;
  if (size === undefined) {
    return refuse(EINVAL, `ldimm64 unable to resolve the size of type '${btfTypeName(btf, target)}': -${EINVAL}`);
  }
  return memReg(PTR_TO_MEM | MEM_RDONLY, size);
}
