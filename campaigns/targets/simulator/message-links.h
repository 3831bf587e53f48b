/*
 * Links with more than delay and loss: network.ts, delay and isDuplicated, bit for bit, and events that arrive later than a queue reaches.
 * Owns: the delay of one message, and what it reserves. Does not own: queues (message-kernel.c), which messages there are.
 */
#pragma once
#include "message-kernel.h"

static inline u32 mix(u32 key_a, u32 key_b, u32 counter) {
  u32 h = key_a ^ (counter * (u32)WEYL_STEP);
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) + key_b;
  h = (h ^ (h >> 15)) * 0xc2b2ae35u;
  return h ^ (h >> 16);
}

/* Math.round of a number that is not negative. */
static inline i32 rounded(f64 x) {
  const f64 whole = __builtin_floor(x);
  return (i32)whole + (x - whole >= 0.5);
}

static inline i32 node_of(i32 poll) { return s.concurrent == 1 ? poll : poll / s.concurrent; }

static inline f64 unit(u32 random) { return random * 2.3283064365386963e-10; }

/* #pairIndex */
static inline i32 pair_index(u32 draw, i32 from, i32 to) {
  const i32 low = from < to ? from : to, high = from < to ? to : from;
  const f64 pair = (mix(s.pair_key, low, high) >> 20) * 0.9;
  return (i32)(pair + (draw & (DELAYS - 1)) * 0.1);
}

/* #queued */
static inline i32 queued(i32 ticks, i32 from, i32 to, f64 bytes) {
  const f64 now = us.now, size = bytes * us.per_byte;
  const f64 out = s.send_free[from], depart = (out > now ? out : now) + size;
  if (depart - now > us.longest_queue) {
    s.queue_drops++;
    return -1;
  }
  s.send_free[from] = depart;
  const f64 in = s.receive_free[to], free = (in > now ? in : now) + size;
  if (free - now > us.longest_queue) {
    s.queue_drops++;
    return -1;
  }
  s.receive_free[to] = free;
  return ticks + rounded((depart - now + free - now) / us.tick);
}

/* Ticks until a message arrives, -1: it does not. */
static inline i32 link_delay(u32 draw, i32 from, i32 to, f64 bytes) {
  if ((i32)(draw >> 12) < s.loss_limit) {
    s.lost++;
    return -1;
  }
  i32 ticks = s.delays[s.of_pairs ? pair_index(draw, from, to) : (i32)(draw & (DELAYS - 1))];
  if (us.reorder > 0 && unit(mix(draw, s.pair_key, 1)) < us.reorder) ticks += s.reorder_ticks;
  if (s.has_extra) {
    const f64 extra = s.extra[from] + s.extra[to];
    if (extra > 0) {
      s.delayed++;
      ticks += rounded(extra / us.tick);
    }
  }
  return us.per_byte == 0 ? ticks : queued(ticks, from, to, bytes);
}

static inline i32 is_duplicated(u32 draw) {
  return us.duplication > 0 && unit(mix(draw, s.pair_key, 2)) < us.duplication;
}
