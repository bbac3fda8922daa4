/**
 * `struct perf_event_attr` of a software event that programs write raw samples to: PERF_COUNT_SW_BPF_OUTPUT.
 *
 * @param wakeupEvents records after which readers are woken, 0 for when half of the memory is full
 * @see v6.18 include/uapi/linux/perf_event.h
 */
export function outputEventAttr(wakeupEvents: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(PERF_ATTR_SIZE_VER0));
  view.setUint32(0, PERF_TYPE_SOFTWARE, true);
  view.setUint32(4, view.byteLength, true);
  view.setBigUint64(8, PERF_COUNT_SW_BPF_OUTPUT, true);
  view.setBigUint64(16, SAMPLE_PERIOD, true);
  view.setBigUint64(24, PERF_SAMPLE_RAW, true);
  view.setUint32(48, wakeupEvents, true);
  return new Uint8Array(view.buffer);
}

const PERF_ATTR_SIZE_VER0 = 64;
const PERF_TYPE_SOFTWARE = 1;
const PERF_COUNT_SW_BPF_OUTPUT = 10n;
const PERF_SAMPLE_RAW = 1n << 10n;
/** Every sample counts. */
const SAMPLE_PERIOD = 1n;
