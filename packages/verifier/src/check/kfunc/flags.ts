/**
 * What a kernel function is to the verifier beside its BTF.
 *
 * @see v6.18 include/linux/btf.h, KF_*
 */

/** The result is a reference that must be given back. */
export const KF_ACQUIRE: number = 1 << 0;
/** Gives back the reference that an argument carries. */
export const KF_RELEASE: number = 1 << 1;
/** The result may be NULL. */
export const KF_RET_NULL: number = 1 << 2;
/** Pointer arguments must be vouched for. */
export const KF_TRUSTED_ARGS: number = 1 << 4;
/** May sleep. */
export const KF_SLEEPABLE: number = 1 << 5;
/** May take the machine down. */
export const KF_DESTRUCTIVE: number = 1 << 6;
/** Pointer arguments must be vouched for, or be under RCU. */
export const KF_RCU: number = 1 << 7;
export const KF_ITER_NEW: number = 1 << 8;
export const KF_ITER_NEXT: number = 1 << 9;
export const KF_ITER_DESTROY: number = 1 << 10;
/** Only in an RCU read section, and the result is good only there. */
export const KF_RCU_PROTECTED: number = 1 << 11;
/** Keeps the registers that it does not use. */
export const KF_FASTCALL: number = 1 << 12;
