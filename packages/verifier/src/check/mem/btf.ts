/** Reads through pointers to structures that BTF describes: see check/btf/ptr-access.ts. */
export { checkPtrToBtfAccess, checkPtrToMapAccess as checkMapPtrAccess } from "../btf/ptr-access.ts";
