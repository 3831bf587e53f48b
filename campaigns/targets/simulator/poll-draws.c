/*
 * The draws of a whole poll in WebAssembly, four at a time: its peers, its delays, and the answer that ends it.
 * Owns: the computation, the memory. Does not own: which polls are certain (poll-exchange.ts), the call (poll-draws.ts), turns of polls
 * (poll-turns.h).
 * The same results as node/core/sampler.ts and foresight.ts, bit for bit, which say what is computed here and why.
 * Rebuilt and compared by test/campaigns/targets/simulator/poll-draws.test.ts.
 */
#include <wasm_simd128.h>

typedef int i32;
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;
typedef signed char i8;
typedef unsigned long long u64;

#include "poll-memory.h"

/* event.ts, params.ts; loops go on to the end of a vector, or of two. */
enum { MOST_MEMBERS = 1 << 17, MOST_SLOTS = 1024 + 16, DELAYS = 4096 };
/* arrival.ts: later than every answer; where the ticks stand in a word. The same for ticks alone. */
enum { NO_ARRIVAL = 0x7fffffff, HIDDEN = 0x7fff, ARRIVE_AT = 20, ASK_AT = 10 };
/* random.ts, traffic.ts */
enum { WEYL_STEP = (i32)0x9e3779b1, FIRST = (i32)0x85ebca6b, SECOND = (i32)0xc2b2ae35 };
enum { BUCKETS = 2048 / 8 + 1 };
enum { QUERY_DRAWS = 0x2545f491, ANSWER_DRAWS = 0x6c8e9cf5 };
enum { END, VOTERS, REFUSALS, ANSWERS, LOST_QUERIES, LOST_ANSWERS, RESULTS };

#define VECTOR __attribute__((aligned(16)))

/* Of the memory, which comes as zeros from the host: with data of its own the module would be as large as these. */
struct Own {
  i32 asked[MOST_MEMBERS] VECTOR;
  u8 stamp[MOST_MEMBERS] VECTOR;
  /* By the low bits of a draw, ascending. */
  u16 delays[DELAYS] VECTOR;
  /* A sample for which there is no room in this memory. */
  i32 peers[MOST_SLOTS] VECTOR;
  /* By slot: -1 where the peer attacks; ticks until query and answer arrive; the latter of a yes, else HIDDEN. */
  u16 attacks[MOST_SLOTS] VECTOR, ask[MOST_SLOTS] VECTOR, arrive[MOST_SLOTS] VECTOR, yes[MOST_SLOTS] VECTOR;
  /* The same as a byte, as coarse as need be: -128 is the earliest that can be, 123 the latest, 127 none. */
  i8 coarse[MOST_SLOTS] VECTOR;
  /* Words of the refusals, by slot and in the order of arrival. */
  i32 no[MOST_SLOTS] VECTOR, rank[MOST_SLOTS] VECTOR, refusals[MOST_SLOTS] VECTOR;
  /* Words that are being sorted. */
  i32 few[MOST_SLOTS] VECTOR;
  i32 drawn[8] VECTOR;
  u16 indices[8] VECTOR, next[BUCKETS + 1];
  i32 result[RESULTS] VECTOR;
  u32 epoch;
  struct turns turns VECTOR;
  struct turn_times turn_times VECTOR;
};
extern struct Own __heap_base;
#define own __heap_base

i32 *asked_at(void) { return own.asked; }
u16 *delays_at(void) { return own.delays; }
i32 *peers_at(void) { return own.peers; }
u16 *asks_at(void) { return own.ask; }
i32 *refusals_at(void) { return own.refusals; }
i32 *result_at(void) { return own.result; }
struct turns *turns_at(void) { return &own.turns; }
struct turn_times *turn_times_at(void) { return &own.turn_times; }
void *free_at(void) { return &own + 1; }

#define ALL wasm_i32x4_splat
#define ALL16 wasm_i16x8_splat
#define ALL8 wasm_i8x16_splat
#define ADD wasm_i32x4_add
#define ADD16 wasm_i16x8_add
#define SUB wasm_i32x4_sub
#define AND wasm_v128_and
#define OR wasm_v128_or
#define XOR wasm_v128_xor
#define SHR wasm_u32x4_shr
#define LOAD wasm_v128_load
#define STORE wasm_v128_store
/* Four counters in a row, times the Weyl step. */
#define FIRST_WEYL(step) wasm_i32x4_mul(wasm_i32x4_const(0, 1, 2, 3), ALL(step))

/* The engine makes a constant anew wherever it is used, in loops, too: it does not know this one. */
static inline v128_t held(v128_t constant) {
  __asm__("" : "+r"(constant));
  return constant;
}

static inline v128_t mix_begin(v128_t key, v128_t weyl, v128_t first) {
  v128_t h = XOR(key, weyl);
  h = wasm_i32x4_mul(XOR(h, SHR(h, 16)), first);
  return XOR(h, SHR(h, 13));
}

static inline v128_t mix_end(v128_t begun, v128_t key, v128_t second) {
  v128_t h = ADD(begun, key);
  h = wasm_i32x4_mul(XOR(h, SHR(h, 15)), second);
  return XOR(h, SHR(h, 16));
}

/* Writes k distinct peers of `self` to `to`; what stands behind them is written, too, but in the end it is as it was. */
void sample(i32 self, i32 k, i32 key_a, i32 key_b, i32 others, i32 *to) {
  if (++own.epoch == 256) {
    for (i32 member = 0; member <= others; member++) own.stamp[member] = 0;
    own.epoch = 1;
  }
  const u32 epoch = own.epoch;
  const v128_t a = ALL(key_a), b = ALL(key_b), bound = ALL(others), before = ALL(self - 1);
  const v128_t first = held(ALL(FIRST)), second = held(ALL(SECOND)), step = held(ALL(4 * (u32)WEYL_STEP));
  v128_t weyl = FIRST_WEYL(WEYL_STEP);
  const v128_t behind_low = LOAD(&to[k]), behind_high = LOAD(&to[k + 4]);
  for (i32 n = 0; n < k;) {
    for (i32 at = 0; at < 8; at += 4) {
      const v128_t random = mix_end(mix_begin(a, weyl, first), b, second);
      weyl = ADD(weyl, step);
      const v128_t low = wasm_u64x2_extmul_low_u32x4(random, bound);
      const v128_t high = wasm_u64x2_extmul_high_u32x4(random, bound);
      const v128_t draw = wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
      STORE(&own.drawn[at], ADD(draw, SHR(SUB(before, draw), 31)));
    }
    for (i32 i = 0; i < 8; i++) {
      const i32 peer = own.drawn[i];
      const u32 seen = own.stamp[peer];
      own.stamp[peer] = (u8)epoch;
      to[n] = peer;
      n += seen != epoch;
    }
  }
  STORE(&to[k], behind_low);
  STORE(&to[k + 4], behind_high);
}

static inline i32 word_of(i32 slot) { return own.arrive[slot] << ARRIVE_AT | own.ask[slot] << ASK_AT | slot; }

/* Counts the queries at their peers. */
static inline void ask_all(const i32 *of, i32 k) {
  for (i32 i = 0; i < k; i++) {
    const i32 before = own.asked[of[i]];
    own.asked[of[i]] = before + 1;
    own.attacks[i] = (u16)(before >> 31);
  }
}

/* Of eight slots those whose query or answer is lost, one bit each. */
static void lose(const i32 *of, u32 queries, u32 either) {
  for (; either != 0; either &= either - 1) {
    const i32 slot = __builtin_ctz(either), is_query = queries >> slot & 1;
    own.result[LOST_QUERIES] += is_query;
    own.result[LOST_ANSWERS] += !is_query;
    own.asked[of[slot]] -= is_query;
  }
}

static inline v128_t delays_of(v128_t low, v128_t high, v128_t mask) {
  STORE(own.indices, wasm_i16x8_narrow_i32x4(AND(low, mask), AND(high, mask)));
  /* Reading them one by one takes less than taking the vector apart. */
  __asm__("" ::: "memory");
  v128_t ticks = wasm_v128_load16_splat(&own.delays[own.indices[0]]);
  ticks = wasm_v128_load16_lane(&own.delays[own.indices[1]], ticks, 1);
  ticks = wasm_v128_load16_lane(&own.delays[own.indices[2]], ticks, 2);
  ticks = wasm_v128_load16_lane(&own.delays[own.indices[3]], ticks, 3);
  ticks = wasm_v128_load16_lane(&own.delays[own.indices[4]], ticks, 4);
  ticks = wasm_v128_load16_lane(&own.delays[own.indices[5]], ticks, 5);
  ticks = wasm_v128_load16_lane(&own.delays[own.indices[6]], ticks, 6);
  return wasm_v128_load16_lane(&own.delays[own.indices[7]], ticks, 7);
}

static inline v128_t losses_of(v128_t low, v128_t high, v128_t limit) {
  return wasm_i16x8_narrow_i32x4(wasm_i32x4_lt(SHR(low, 12), limit), wasm_i32x4_lt(SHR(high, 12), limit));
}

/* Words of the refusals at 64 slots from `from` on go to `no`, where `found` are. Eight at a time: how many there are can't be predicted. */
static inline i32 note_refusals(i32 from, u64 slots, i32 found) {
  for (; slots != 0;) {
    i32 *to = &own.no[found];
    found += __builtin_popcountll(slots);
    for (i32 n = 0; n < 8; n++, slots &= slots - 1) {
      const i32 slot = from + (__builtin_ctzll(slots) & 63);
      to[n] = slots == 0 ? NO_ARRIVAL : word_of(slot);
    }
    found -= __builtin_popcountll(slots);
  }
  return found;
}

/* Draws of queries and answers, ticks of the answers; returns how many refuse. */
static inline i32 draw(const i32 *of, i32 key, i32 k, i32 loss_limit, i32 refuse) {
  const v128_t all = ALL(key), limit = ALL(loss_limit), most = ALL16((short)k), refusing = ALL16((short)-refuse);
  const v128_t first = held(ALL(FIRST)), second = held(ALL(SECOND)), step = held(ALL(8 * (u32)WEYL_STEP));
  const v128_t queries = held(ALL(QUERY_DRAWS)), answers = held(ALL(ANSWER_DRAWS));
  const v128_t mask = held(ALL(DELAYS - 1)), hidden = held(ALL16(HIDDEN)), eight = held(ALL16(8));
  v128_t weyl = FIRST_WEYL(2 * (u32)WEYL_STEP), slot = wasm_i16x8_const(0, 1, 2, 3, 4, 5, 6, 7);
  u64 refusals64 = 0;
  i32 found = 0;
  for (i32 i = 0; i < k; i += 8) {
    const v128_t low = mix_begin(all, weyl, first), high = mix_begin(all, ADD(weyl, step), first);
    weyl = ADD(weyl, ADD(step, step));
    const v128_t ask_low = mix_end(low, queries, second), ask_high = mix_end(high, queries, second);
    const v128_t back_low = mix_end(low, answers, second), back_high = mix_end(high, answers, second);
    const v128_t asks = delays_of(ask_low, ask_high, mask);
    const v128_t arrives = ADD16(asks, delays_of(back_low, back_high, mask));
    const v128_t exists = wasm_i16x8_lt(slot, most);
    slot = ADD16(slot, eight);
    const v128_t lost_there = AND(losses_of(ask_low, ask_high, limit), exists);
    const v128_t lost = OR(lost_there, AND(losses_of(back_low, back_high, limit), exists));
    if (wasm_v128_any_true(lost)) lose(of + i, wasm_i16x8_bitmask(lost_there), wasm_i16x8_bitmask(lost));
    const v128_t counts = wasm_v128_andnot(exists, lost);
    const v128_t refuses = AND(AND(LOAD(&own.attacks[i]), refusing), counts);
    STORE(&own.ask[i], OR(asks, AND(lost_there, hidden)));
    STORE(&own.arrive[i], arrives);
    STORE(&own.yes[i], wasm_v128_bitselect(arrives, hidden, wasm_v128_andnot(counts, refuses)));
    refusals64 |= (u64)wasm_i16x8_bitmask(refuses) << (i & 63);
    if ((i & 63) == 56 || i + 8 >= k) {
      found = note_refusals(i & ~63, refusals64, found);
      refusals64 = 0;
    }
  }
  STORE(&own.yes[(k + 7) & ~7], hidden);
  STORE(&own.no[found], ALL(NO_ARRIVAL));
  STORE(&own.no[found + 4], ALL(NO_ARRIVAL));
  return found;
}

static inline void make_coarse(i32 k) {
  const i32 spread = 2 * (own.delays[DELAYS - 1] - own.delays[0]);
  const v128_t from = ALL16((short)(2 * own.delays[0])), sign = held(ALL8(-128));
  /* Rounded in 15 bits: it never decreases, and that is all it has to do. */
  const v128_t scale = ALL16((short)(251 * 32768 / (spread < 252 ? 252 : spread)));
  for (i32 i = 0; i < k; i += 16) {
    const v128_t low = wasm_i16x8_q15mulr_sat(wasm_i16x8_sub(LOAD(&own.yes[i]), from), scale);
    const v128_t high = wasm_i16x8_q15mulr_sat(wasm_i16x8_sub(LOAD(&own.yes[i + 8]), from), scale);
    STORE(&own.coarse[i], XOR(wasm_u8x16_narrow_i16x8(low, high), sign));
  }
}

static inline i32 bits8(v128_t is) { return wasm_i8x16_bitmask(is); }

/* The nth of the yes whose coarse tick is one of four from `tick` on; one by one, for there are hardly more than two. */
static inline i32 nth_of_four(i32 k, i32 tick, i32 n) {
  const v128_t from = ALL8(tick), until = ALL8(tick + 3);
  i32 found = 0;
  for (i32 base = 0; base < k; base += 64) {
    u64 in = 0;
    for (i32 i = base; i < k && i < base + 64; i += 16) {
      const v128_t at = LOAD(&own.coarse[i]);
      in |= (u64)bits8(AND(wasm_i8x16_ge(at, from), wasm_i8x16_le(at, until))) << (i & 63);
    }
    for (; in != 0; in &= in - 1) {
      const i32 word = word_of(base + __builtin_ctzll(in));
      i32 to = found++;
      for (; to > 0 && own.few[to - 1] > word; to--) own.few[to] = own.few[to - 1];
      own.few[to] = word;
    }
  }
  return own.few[n - 1];
}

/* The nth yes; there are that many. First the four coarse ticks in which it arrives, by quarters. */
static i32 nth_yes(i32 k, i32 n) {
  i32 tick = -128, earlier = 0;
  for (i32 step = 64; step >= 4; step >>= 2) {
    const v128_t t1 = ALL8(tick + step), t2 = ALL8(tick + 2 * step), t3 = ALL8(tick + 3 * step);
    i32 b1 = 0, b2 = 0, b3 = 0;
    for (i32 i = 0; i < k; i += 16) {
      const v128_t at = LOAD(&own.coarse[i]);
      b1 += __builtin_popcount(bits8(wasm_i8x16_lt(at, t1)));
      b2 += __builtin_popcount(bits8(wasm_i8x16_lt(at, t2)));
      b3 += __builtin_popcount(bits8(wasm_i8x16_lt(at, t3)));
    }
    tick += step * ((b1 < n) + (b2 < n) + (b3 < n));
    earlier = b1 < n ? b1 : earlier;
    earlier = b2 < n ? b2 : earlier;
    earlier = b3 < n ? b3 : earlier;
  }
  return nth_of_four(k, tick, n - earlier);
}

/* Eight at a time, those that do not exist last. */
static void sort_refusals(i32 refusing) {
  for (i32 i = 0; i < refusing; i += 8) {
    const v128_t low = LOAD(&own.no[i]), high = LOAD(&own.no[i + 4]);
    v128_t before_low = ALL(0), before_high = ALL(0);
    for (i32 from = 0; from < refusing; from += 8)
      for (i32 j = from; j < from + 8; j++) {
        const v128_t word = wasm_v128_load32_splat(&own.no[j]);
        before_low = SUB(before_low, wasm_i32x4_lt(word, low));
        before_high = SUB(before_high, wasm_i32x4_lt(word, high));
      }
    STORE(&own.rank[i], before_low);
    STORE(&own.rank[i + 4], before_high);
    for (i32 j = i; j < i + 8; j++) own.refusals[own.rank[j]] = own.no[j];
  }
}

/* Of the yes, or of the refusals, those that are at most `until`. */
static i32 yes_until(i32 k, i32 until) {
  i32 found = 0;
  for (i32 i = 0; i < k; i++) found += (own.yes[i] != HIDDEN) & (word_of(i) <= until);
  return found;
}

static inline i32 refusals_until(i32 refusing, i32 until) {
  const v128_t limit = ALL(until);
  i32 found = 0;
  for (i32 i = 0; i < refusing; i += 4)
    found += __builtin_popcount(wasm_i32x4_bitmask(wasm_i32x4_le(LOAD(&own.no[i]), limit)));
  return found;
}

/* The answer with which it is certain whether `least` say yes; the result has how many do until then. */
static i32 decided(i32 k, i32 voters, i32 refusing, i32 least) {
  i32 by_no = NO_ARRIVAL;
  if (k - least < refusing) {
    sort_refusals(refusing);
    by_no = own.refusals[k - least];
  }
  const i32 by_yes = voters < least ? NO_ARRIVAL : nth_yes(k, least);
  if (by_yes < by_no) {
    own.result[VOTERS] = least;
    return by_yes;
  }
  own.result[VOTERS] = by_no == NO_ARRIVAL ? 0 : yes_until(k, by_no);
  return by_no;
}

static i32 last(i32 k) {
  i32 end = 0;
  for (i32 i = 0; i < k; i++)
    if (word_of(i) > end) end = word_of(i);
  return end;
}

/* Looks at a poll and its peers; attackers have the top bit of `asked` set and refuse if `refuse` is 1. */
void look(const i32 *of, i32 key, i32 k, i32 loss_limit, i32 refuse, i32 alpha, i32 alpha_preference, i32 early_end) {
  own.result[LOST_QUERIES] = own.result[LOST_ANSWERS] = 0;
  ask_all(of, k);
  const i32 refusing = draw(of, key, k, loss_limit, refuse);
  const i32 answers = k - own.result[LOST_QUERIES] - own.result[LOST_ANSWERS], voters = answers - refusing;
  i32 end = NO_ARRIVAL;
  if (early_end) {
    make_coarse(k);
    end = decided(k, voters, refusing, alpha);
    if (alpha_preference != alpha && end != NO_ARRIVAL) {
      const i32 until_end = own.result[VOTERS];
      const i32 preferred = decided(k, voters, refusing, alpha_preference);
      if (preferred > end) end = preferred;
      else own.result[VOTERS] = until_end;
    }
  } else {
    if (answers == k) end = last(k);
    own.result[VOTERS] = answers == k ? voters : 0;
  }
  sort_refusals(refusing);
  own.result[END] = end;
  own.result[ANSWERS] = answers;
  own.result[REFUSALS] = end == NO_ARRIVAL ? 0 : refusals_until(refusing, end);
}

/* Of eight ticks; the last one has what is lost. */
static inline i32 bucket_of(i32 slot) { return own.yes[slot] == HIDDEN ? BUCKETS - 1 : own.yes[slot] >> 3; }

/* Of a poll of which not all is certain: draws, the words of its answers, all of them as if they refused; returns how many there are. */
i32 follow(const i32 *of, i32 key, i32 k, i32 loss_limit) {
  own.result[LOST_QUERIES] = own.result[LOST_ANSWERS] = 0;
  ask_all(of, k);
  draw(of, key, k, loss_limit, 0);
  for (i32 b = 0; b <= BUCKETS; b++) own.next[b] = 0;
  for (i32 i = 0; i < k; i++) own.next[bucket_of(i) + 1] += 1;
  for (i32 b = 1; b < BUCKETS; b++) own.next[b] += own.next[b - 1];
  for (i32 i = 0; i < k; i++) own.few[own.next[bucket_of(i)]++] = word_of(i);
  const i32 found = k - own.result[LOST_QUERIES] - own.result[LOST_ANSWERS];
  for (i32 i = 0; i < found; i++) {
    const i32 word = own.few[i];
    i32 to = i;
    for (; to > 0 && own.refusals[to - 1] > word; to--) own.refusals[to] = own.refusals[to - 1];
    own.refusals[to] = word;
  }
  return found;
}

#include "poll-follow.h"
#include "poll-turns.h"
#include "poll-stretch.h"
