/**
 * Builders: one function a family of instructions. Operands are the words of the kernel's log (`"r1"`, `"+="`, `"u32"`), so that wrong ones do not
 * compile; what only the value shows is refused at once with an `IsaError`.
 */
export {
  type AluOperator,
  addrSpaceCast,
  alu,
  negate,
  type Swap,
  signExtend,
  swapBytes,
} from "./alu.ts";
export {
  type Imm64,
  loadBtfId,
  loadImm64,
  loadMap,
  loadMapByIndex,
  loadMapValue,
  loadMapValueByIndex,
  loadSubprog,
} from "./imm64.ts";
export {
  callHelper,
  callKfunc,
  callSubprog,
  exit,
  type JumpOperator,
  jump,
  jumpAlways,
  jumpFar,
  mayGoto,
} from "./jump.ts";
export { type AtomicOperation, atomic, load, loadAcquire, loadPacket, store, storeRelease } from "./memory.ts";
export type { Reg32, Reg64, SignedSize, UnsignedSize, WritableReg32, WritableReg64 } from "./operands.ts";
