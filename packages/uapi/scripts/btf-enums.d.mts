/** One enum of a BTF blob; anonymous enums have an empty name. */
export interface BtfEnum {
  name: string;
  members: readonly (readonly [name: string, value: bigint])[];
}

export function readBtfEnums(bytes: Uint8Array): BtfEnum[];
