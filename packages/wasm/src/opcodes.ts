/**
 * The instructions without immediates (for `FunctionBuilder.op`) and the accesses to memory (for `FunctionBuilder.mem`), by their
 * opcodes. Those behind the prefix 0xfe are 0xfe00 + the number that follows it. What a comment does not say is in the standard's words
 * for the instruction of the same name.
 *
 * @see WebAssembly Core Specification 5.4.6 (memory instructions), 5.4.7 (numeric instructions); threads proposal (atomics)
 */

/** i32 → i32: 1 if 0, else 0 */
export const I32_EQZ = 0x45;
/** i32 i32 → i32: equal */
export const I32_EQ = 0x46;
/** i32 i32 → i32: not equal */
export const I32_NE = 0x47;
/** i32 i32 → i32: less, signed */
export const I32_LT_S = 0x48;
/** i32 i32 → i32: less, unsigned */
export const I32_LT_U = 0x49;
/** i32 i32 → i32: greater, signed */
export const I32_GT_S = 0x4a;
/** i32 i32 → i32: greater, unsigned */
export const I32_GT_U = 0x4b;
/** i32 i32 → i32: less or equal, signed */
export const I32_LE_S = 0x4c;
/** i32 i32 → i32: less or equal, unsigned */
export const I32_LE_U = 0x4d;
/** i32 i32 → i32: greater or equal, signed */
export const I32_GE_S = 0x4e;
/** i32 i32 → i32: greater or equal, unsigned */
export const I32_GE_U = 0x4f;
/** i32 → i32: leading zeros; the width for 0 */
export const I32_CLZ = 0x67;
/** i32 → i32: trailing zeros; the width for 0 */
export const I32_CTZ = 0x68;
/** i32 → i32: ones */
export const I32_POPCNT = 0x69;
/** i32 i32 → i32: sum */
export const I32_ADD = 0x6a;
/** i32 i32 → i32: difference */
export const I32_SUB = 0x6b;
/** i32 i32 → i32: product */
export const I32_MUL = 0x6c;
/** i32 i32 → i32: quotient, signed, towards 0; traps on 0 and on overflow */
export const I32_DIV_S = 0x6d;
/** i32 i32 → i32: quotient, unsigned; traps on 0 */
export const I32_DIV_U = 0x6e;
/** i32 i32 → i32: remainder, signed; traps on 0 */
export const I32_REM_S = 0x6f;
/** i32 i32 → i32: remainder, unsigned; traps on 0 */
export const I32_REM_U = 0x70;
/** i32 i32 → i32: bitwise and */
export const I32_AND = 0x71;
/** i32 i32 → i32: bitwise or */
export const I32_OR = 0x72;
/** i32 i32 → i32: bitwise exclusive or */
export const I32_XOR = 0x73;
/** i32 i32 → i32: shift left; the count is taken modulo the width */
export const I32_SHL = 0x74;
/** i32 i32 → i32: arithmetic shift right; the count is taken modulo the width */
export const I32_SHR_S = 0x75;
/** i32 i32 → i32: logical shift right; the count is taken modulo the width */
export const I32_SHR_U = 0x76;
/** i32 i32 → i32: rotation left */
export const I32_ROTL = 0x77;
/** i32 i32 → i32: rotation right */
export const I32_ROTR = 0x78;
/** i64 → i32: 1 if 0, else 0 */
export const I64_EQZ = 0x50;
/** i64 i64 → i32: equal */
export const I64_EQ = 0x51;
/** i64 i64 → i32: not equal */
export const I64_NE = 0x52;
/** i64 i64 → i32: less, signed */
export const I64_LT_S = 0x53;
/** i64 i64 → i32: less, unsigned */
export const I64_LT_U = 0x54;
/** i64 i64 → i32: greater, signed */
export const I64_GT_S = 0x55;
/** i64 i64 → i32: greater, unsigned */
export const I64_GT_U = 0x56;
/** i64 i64 → i32: less or equal, signed */
export const I64_LE_S = 0x57;
/** i64 i64 → i32: less or equal, unsigned */
export const I64_LE_U = 0x58;
/** i64 i64 → i32: greater or equal, signed */
export const I64_GE_S = 0x59;
/** i64 i64 → i32: greater or equal, unsigned */
export const I64_GE_U = 0x5a;
/** i64 → i64: leading zeros; the width for 0 */
export const I64_CLZ = 0x79;
/** i64 → i64: trailing zeros; the width for 0 */
export const I64_CTZ = 0x7a;
/** i64 → i64: ones */
export const I64_POPCNT = 0x7b;
/** i64 i64 → i64: sum */
export const I64_ADD = 0x7c;
/** i64 i64 → i64: difference */
export const I64_SUB = 0x7d;
/** i64 i64 → i64: product */
export const I64_MUL = 0x7e;
/** i64 i64 → i64: quotient, signed, towards 0; traps on 0 and on overflow */
export const I64_DIV_S = 0x7f;
/** i64 i64 → i64: quotient, unsigned; traps on 0 */
export const I64_DIV_U = 0x80;
/** i64 i64 → i64: remainder, signed; traps on 0 */
export const I64_REM_S = 0x81;
/** i64 i64 → i64: remainder, unsigned; traps on 0 */
export const I64_REM_U = 0x82;
/** i64 i64 → i64: bitwise and */
export const I64_AND = 0x83;
/** i64 i64 → i64: bitwise or */
export const I64_OR = 0x84;
/** i64 i64 → i64: bitwise exclusive or */
export const I64_XOR = 0x85;
/** i64 i64 → i64: shift left; the count is taken modulo the width */
export const I64_SHL = 0x86;
/** i64 i64 → i64: arithmetic shift right; the count is taken modulo the width */
export const I64_SHR_S = 0x87;
/** i64 i64 → i64: logical shift right; the count is taken modulo the width */
export const I64_SHR_U = 0x88;
/** i64 i64 → i64: rotation left */
export const I64_ROTL = 0x89;
/** i64 i64 → i64: rotation right */
export const I64_ROTR = 0x8a;
/** i64 → i32: the low half */
export const I32_WRAP_I64 = 0xa7;
/** i32 → i64: sign-extended */
export const I64_EXTEND_I32_S = 0xac;
/** i32 → i64: zero-extended */
export const I64_EXTEND_I32_U = 0xad;
/** i32 → i32: the low 8 bits, sign-extended */
export const I32_EXTEND8_S = 0xc0;
/** i32 → i32: the low 16 bits, sign-extended */
export const I32_EXTEND16_S = 0xc1;
/** i64 → i64: the low 8 bits, sign-extended */
export const I64_EXTEND8_S = 0xc2;
/** i64 → i64: the low 16 bits, sign-extended */
export const I64_EXTEND16_S = 0xc3;
/** i64 → i64: the low 32 bits, sign-extended */
export const I64_EXTEND32_S = 0xc4;
/** address → i32: 4 bytes */
export const I32_LOAD = 0x28;
/** address → i64: 8 bytes */
export const I64_LOAD = 0x29;
/** address → i32: 1 byte, sign-extended */
export const I32_LOAD8_S = 0x2c;
/** address → i32: 1 byte, zero-extended */
export const I32_LOAD8_U = 0x2d;
/** address → i32: 2 bytes, sign-extended */
export const I32_LOAD16_S = 0x2e;
/** address → i32: 2 bytes, zero-extended */
export const I32_LOAD16_U = 0x2f;
/** address → i64: 1 byte, sign-extended */
export const I64_LOAD8_S = 0x30;
/** address → i64: 1 byte, zero-extended */
export const I64_LOAD8_U = 0x31;
/** address → i64: 2 bytes, sign-extended */
export const I64_LOAD16_S = 0x32;
/** address → i64: 2 bytes, zero-extended */
export const I64_LOAD16_U = 0x33;
/** address → i64: 4 bytes, sign-extended */
export const I64_LOAD32_S = 0x34;
/** address → i64: 4 bytes, zero-extended */
export const I64_LOAD32_U = 0x35;
/** address i32 →: 4 bytes */
export const I32_STORE = 0x36;
/** address i64 →: 8 bytes */
export const I64_STORE = 0x37;
/** address i32 →: the low byte */
export const I32_STORE8 = 0x3a;
/** address i32 →: the low 2 bytes */
export const I32_STORE16 = 0x3b;
/** address i64 →: the low byte */
export const I64_STORE8 = 0x3c;
/** address i64 →: the low 2 bytes */
export const I64_STORE16 = 0x3d;
/** address i64 →: the low 4 bytes */
export const I64_STORE32 = 0x3e;
/** address i32 → i32: wakes as many waiters at most, answers how many */
export const MEMORY_ATOMIC_NOTIFY = 0xfe00;
/** address i32 i64 → i32: waits while the 4 bytes are the i32, for so many ns; traps where waiting is not allowed */
export const MEMORY_ATOMIC_WAIT32 = 0xfe01;
/** address i64 i64 → i32: waits while the 8 bytes are the first i64, for as many ns as the second */
export const MEMORY_ATOMIC_WAIT64 = 0xfe02;
/** address → i32: 4 bytes, atomically */
export const I32_ATOMIC_LOAD = 0xfe10;
/** address → i64: 8 bytes, atomically */
export const I64_ATOMIC_LOAD = 0xfe11;
/** address → i32: 1 byte, atomically */
export const I32_ATOMIC_LOAD8_U = 0xfe12;
/** address → i32: 2 bytes, atomically */
export const I32_ATOMIC_LOAD16_U = 0xfe13;
/** address → i64: 1 byte, atomically */
export const I64_ATOMIC_LOAD8_U = 0xfe14;
/** address → i64: 2 bytes, atomically */
export const I64_ATOMIC_LOAD16_U = 0xfe15;
/** address → i64: 4 bytes, atomically */
export const I64_ATOMIC_LOAD32_U = 0xfe16;
/** address i32 →: 4 bytes, atomically */
export const I32_ATOMIC_STORE = 0xfe17;
/** address i64 →: 8 bytes, atomically */
export const I64_ATOMIC_STORE = 0xfe18;
/** address i32 →: 1 byte, atomically */
export const I32_ATOMIC_STORE8 = 0xfe19;
/** address i32 →: 2 bytes, atomically */
export const I32_ATOMIC_STORE16 = 0xfe1a;
/** address i64 →: 1 byte, atomically */
export const I64_ATOMIC_STORE8 = 0xfe1b;
/** address i64 →: 2 bytes, atomically */
export const I64_ATOMIC_STORE16 = 0xfe1c;
/** address i64 →: 4 bytes, atomically */
export const I64_ATOMIC_STORE32 = 0xfe1d;
/** address i32 → i32: adds 4 bytes, answers what was there */
export const I32_ATOMIC_RMW_ADD = 0xfe1e;
/** address i64 → i64: adds 8 bytes, answers what was there */
export const I64_ATOMIC_RMW_ADD = 0xfe1f;
/** address i32 → i32: adds 1 byte, answers what was there */
export const I32_ATOMIC_RMW8_ADD_U = 0xfe20;
/** address i32 → i32: adds 2 bytes, answers what was there */
export const I32_ATOMIC_RMW16_ADD_U = 0xfe21;
/** address i64 → i64: adds 1 byte, answers what was there */
export const I64_ATOMIC_RMW8_ADD_U = 0xfe22;
/** address i64 → i64: adds 2 bytes, answers what was there */
export const I64_ATOMIC_RMW16_ADD_U = 0xfe23;
/** address i64 → i64: adds 4 bytes, answers what was there */
export const I64_ATOMIC_RMW32_ADD_U = 0xfe24;
/** address i32 → i32: subtracts 4 bytes, answers what was there */
export const I32_ATOMIC_RMW_SUB = 0xfe25;
/** address i64 → i64: subtracts 8 bytes, answers what was there */
export const I64_ATOMIC_RMW_SUB = 0xfe26;
/** address i32 → i32: subtracts 1 byte, answers what was there */
export const I32_ATOMIC_RMW8_SUB_U = 0xfe27;
/** address i32 → i32: subtracts 2 bytes, answers what was there */
export const I32_ATOMIC_RMW16_SUB_U = 0xfe28;
/** address i64 → i64: subtracts 1 byte, answers what was there */
export const I64_ATOMIC_RMW8_SUB_U = 0xfe29;
/** address i64 → i64: subtracts 2 bytes, answers what was there */
export const I64_ATOMIC_RMW16_SUB_U = 0xfe2a;
/** address i64 → i64: subtracts 4 bytes, answers what was there */
export const I64_ATOMIC_RMW32_SUB_U = 0xfe2b;
/** address i32 → i32: ands 4 bytes, answers what was there */
export const I32_ATOMIC_RMW_AND = 0xfe2c;
/** address i64 → i64: ands 8 bytes, answers what was there */
export const I64_ATOMIC_RMW_AND = 0xfe2d;
/** address i32 → i32: ands 1 byte, answers what was there */
export const I32_ATOMIC_RMW8_AND_U = 0xfe2e;
/** address i32 → i32: ands 2 bytes, answers what was there */
export const I32_ATOMIC_RMW16_AND_U = 0xfe2f;
/** address i64 → i64: ands 1 byte, answers what was there */
export const I64_ATOMIC_RMW8_AND_U = 0xfe30;
/** address i64 → i64: ands 2 bytes, answers what was there */
export const I64_ATOMIC_RMW16_AND_U = 0xfe31;
/** address i64 → i64: ands 4 bytes, answers what was there */
export const I64_ATOMIC_RMW32_AND_U = 0xfe32;
/** address i32 → i32: ors 4 bytes, answers what was there */
export const I32_ATOMIC_RMW_OR = 0xfe33;
/** address i64 → i64: ors 8 bytes, answers what was there */
export const I64_ATOMIC_RMW_OR = 0xfe34;
/** address i32 → i32: ors 1 byte, answers what was there */
export const I32_ATOMIC_RMW8_OR_U = 0xfe35;
/** address i32 → i32: ors 2 bytes, answers what was there */
export const I32_ATOMIC_RMW16_OR_U = 0xfe36;
/** address i64 → i64: ors 1 byte, answers what was there */
export const I64_ATOMIC_RMW8_OR_U = 0xfe37;
/** address i64 → i64: ors 2 bytes, answers what was there */
export const I64_ATOMIC_RMW16_OR_U = 0xfe38;
/** address i64 → i64: ors 4 bytes, answers what was there */
export const I64_ATOMIC_RMW32_OR_U = 0xfe39;
/** address i32 → i32: exclusive-ors 4 bytes, answers what was there */
export const I32_ATOMIC_RMW_XOR = 0xfe3a;
/** address i64 → i64: exclusive-ors 8 bytes, answers what was there */
export const I64_ATOMIC_RMW_XOR = 0xfe3b;
/** address i32 → i32: exclusive-ors 1 byte, answers what was there */
export const I32_ATOMIC_RMW8_XOR_U = 0xfe3c;
/** address i32 → i32: exclusive-ors 2 bytes, answers what was there */
export const I32_ATOMIC_RMW16_XOR_U = 0xfe3d;
/** address i64 → i64: exclusive-ors 1 byte, answers what was there */
export const I64_ATOMIC_RMW8_XOR_U = 0xfe3e;
/** address i64 → i64: exclusive-ors 2 bytes, answers what was there */
export const I64_ATOMIC_RMW16_XOR_U = 0xfe3f;
/** address i64 → i64: exclusive-ors 4 bytes, answers what was there */
export const I64_ATOMIC_RMW32_XOR_U = 0xfe40;
/** address i32 → i32: exchanges 4 bytes, answers what was there */
export const I32_ATOMIC_RMW_XCHG = 0xfe41;
/** address i64 → i64: exchanges 8 bytes, answers what was there */
export const I64_ATOMIC_RMW_XCHG = 0xfe42;
/** address i32 → i32: exchanges 1 byte, answers what was there */
export const I32_ATOMIC_RMW8_XCHG_U = 0xfe43;
/** address i32 → i32: exchanges 2 bytes, answers what was there */
export const I32_ATOMIC_RMW16_XCHG_U = 0xfe44;
/** address i64 → i64: exchanges 1 byte, answers what was there */
export const I64_ATOMIC_RMW8_XCHG_U = 0xfe45;
/** address i64 → i64: exchanges 2 bytes, answers what was there */
export const I64_ATOMIC_RMW16_XCHG_U = 0xfe46;
/** address i64 → i64: exchanges 4 bytes, answers what was there */
export const I64_ATOMIC_RMW32_XCHG_U = 0xfe47;
/** address i32 i32 → i32: stores the second if 4 bytes are the first, answers what was there */
export const I32_ATOMIC_RMW_CMPXCHG = 0xfe48;
/** address i64 i64 → i64: stores the second if 8 bytes are the first, answers what was there */
export const I64_ATOMIC_RMW_CMPXCHG = 0xfe49;
/** address i32 i32 → i32: stores the second if 1 byte are the first, answers what was there */
export const I32_ATOMIC_RMW8_CMPXCHG_U = 0xfe4a;
/** address i32 i32 → i32: stores the second if 2 bytes are the first, answers what was there */
export const I32_ATOMIC_RMW16_CMPXCHG_U = 0xfe4b;
/** address i64 i64 → i64: stores the second if 1 byte are the first, answers what was there */
export const I64_ATOMIC_RMW8_CMPXCHG_U = 0xfe4c;
/** address i64 i64 → i64: stores the second if 2 bytes are the first, answers what was there */
export const I64_ATOMIC_RMW16_CMPXCHG_U = 0xfe4d;
/** address i64 i64 → i64: stores the second if 4 bytes are the first, answers what was there */
export const I64_ATOMIC_RMW32_CMPXCHG_U = 0xfe4e;
