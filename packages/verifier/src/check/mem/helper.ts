import { EACCES } from "@bpf-ts/uapi/errno";
import { regTypeStr } from "../../log/reg-type-str.ts";
import { reject } from "../../reject.ts";
import { type Env, reg } from "../../state/env.ts";
import {
  baseType,
  MEM_RDONLY,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
} from "../../state/reg-type.ts";
import { isRegNull } from "../reg-arg.ts";
import { checkMemAccess } from "./access.ts";
import { checkPtrToBtfAccess } from "./btf.ts";
import { checkBufferAccess } from "./buffer.ts";
import { ACCESS_HELPER, checkMapAccess, checkMapAccessType } from "./map.ts";
import { checkPacketAccess } from "./packet.ts";
import { checkMemRegionAccess } from "./region.ts";
import { checkStackRangeInitialized, type RawAccess } from "./stack-range.ts";

/**
 * Memory that a helper reads or writes: `accessSize` bytes from register `regno`.
 *
 * @param meta told which stack bytes a filling helper writes; null where nothing is to be told
 * @see v6.18 kernel/bpf/verifier.c, check_helper_mem_access
 */
export function checkHelperMemAccess(
  env: Env,
  regno: number,
  accessSize: number,
  write: boolean,
  zeroSizeAllowed: boolean,
  meta: RawAccess | null,
): void {
  const r = reg(env, regno);
  const readOnly = (): void => {
    if (write) reject(env, env.insnIdx, "memory", EACCES, `R${regno} cannot write into ${regTypeStr(r.type)}`);
  };
  switch (baseType(r.type)) {
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
      checkPacketAccess(env, regno, r.off, accessSize, zeroSizeAllowed);
      return;
    case PTR_TO_MAP_KEY:
      readOnly();
      checkMemRegionAccess(env, regno, r.off, accessSize, r.map.def.keySize, false);
      return;
    case PTR_TO_MAP_VALUE:
      checkMapAccessType(env, regno, r.off, accessSize, write);
      checkMapAccess(env, regno, r.off, accessSize, zeroSizeAllowed, ACCESS_HELPER);
      return;
    case PTR_TO_MEM:
      if (r.type & MEM_RDONLY) readOnly();
      checkMemRegionAccess(env, regno, r.off, accessSize, r.memSize, zeroSizeAllowed);
      return;
    case PTR_TO_BUF:
      if (r.type & MEM_RDONLY) readOnly();
      checkBufferAccess(env, r, regno, r.off, accessSize);
      return;
    case PTR_TO_STACK:
      checkStackRangeInitialized(env, regno, r.off, accessSize, zeroSizeAllowed, write, meta);
      return;
    case PTR_TO_BTF_ID:
      checkPtrToBtfAccess(env, regno, r.off, accessSize, false, -1);
      return;
    case PTR_TO_CTX:
      if (env.progType.plainContext === true) {
        if (accessSize === 0) {
          if (!zeroSizeAllowed) reject(env, env.insnIdx, "memory", EACCES, "");
          return;
        }
        checkMemAccess(env, env.insnIdx, regno, accessSize - 1, 1, write, -1, false, false);
        return;
      }
      break;
    default:
      break;
  }
  if (zeroSizeAllowed && accessSize === 0 && isRegNull(r)) return;
  const text = `R${regno} type=${regTypeStr(r.type)} expected=${regTypeStr(PTR_TO_STACK)}`;
  reject(env, env.insnIdx, "memory", EACCES, text);
}
