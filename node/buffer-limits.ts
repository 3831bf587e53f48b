/**
 * When V8 collects what lies outside of its heap: frames, bodies, records of the store.
 * Owns: the one setting. Does not own: any buffer. To be called before the buffers are made.
 *
 * By default V8 marks the whole heap after every 64 MB of new buffers, however large the heap is: with 75 nodes in a process, whose heap is
 * 650 MB, that was half of all CPU. So they count with the heap, and it is marked when both have grown by their usual share.
 */
import { setFlagsFromString } from 'node:v8';

export function countBuffersWithHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
