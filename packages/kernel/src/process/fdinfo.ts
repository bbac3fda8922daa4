import { linkTypeName } from "@bpf-ts/uapi/names";
import type { OpenFile } from "../fd-table.ts";
import { BtfFile, LinkFile, MapFile, ProgFile } from "./open-files.ts";

/**
 * The lines that /proc/<pid>/fdinfo/<fd> shows of a BPF object, each `name:\tvalue`; '' for other files.
 *
 * @see v6.18 kernel/bpf/syscall.c, bpf_link_show_fdinfo, bpf_map_show_fdinfo, bpf_prog_show_fdinfo; btf.c, bpf_btf_show_fdinfo
 */
export function fdinfo(file: OpenFile): string {
  return fields(file)
    .map(([name, value]) => `${name}:\t${value}\n`)
    .join("");
}

type Field = readonly [name: string, value: string | number | bigint];

function fields(file: OpenFile): Field[] {
  if (file instanceof LinkFile) return linkFields(file);
  if (file instanceof MapFile) return mapFields(file);
  if (file instanceof ProgFile) {
    const { prog } = file;
    return [
      ["prog_type", prog.progType],
      ["prog_jited", 0],
      ["prog_tag", prog.tag],
      ["memlock", 0],
      ["prog_id", prog.id],
      ["run_time_ns", 0],
      ["run_cnt", prog.runCount],
      ["recursion_misses", prog.recursionMisses],
      ["verified_insns", prog.program.verifiedInsns],
    ];
  }
  return file instanceof BtfFile ? [["btf_id", file.btf.id]] : [];
}

function linkFields({ link }: LinkFile): Field[] {
  const common: Field[] = [
    ["link_type", linkTypeName(link.type)],
    ["link_id", link.id],
    ["prog_tag", link.prog.tag],
    ["prog_id", link.prog.id],
  ];
  const { tracing, rawTracepoint, iter, mapTrace } = link.details();
  if (mapTrace !== undefined) common.push(["map_id", mapTrace.mapId], ["trace_type", mapTrace.traceType]);
  if (iter !== undefined) common.push(["target_name", iter.targetName], ["map_id", iter.mapId]);
  if (rawTracepoint !== undefined) common.push(["tp_name", rawTracepoint.name]);
  if (tracing !== undefined) {
    common.push(
      ["attach_type", tracing.attachType],
      ["target_obj_id", tracing.targetObjId],
      ["target_btf_id", tracing.targetBtfId],
    );
  }
  return common;
}

function mapFields({ map }: MapFile): Field[] {
  const { def } = map;
  return [
    ["map_type", def.type],
    ["key_size", def.keySize],
    ["value_size", def.valueSize],
    ["max_entries", def.maxEntries],
    ["map_flags", `0x${def.mapFlags.toString(16)}`],
    ["map_extra", `0x${(def.mapExtra ?? 0n).toString(16)}`],
    ["map_id", map.id],
    ["frozen", map.frozen ? 1 : 0],
  ];
}
