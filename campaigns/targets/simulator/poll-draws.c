/*
 * The draws of a whole poll in WebAssembly, four at a time: its peers, its delays, and the answer that ends it.
 * Owns: the computation, the memory. Does not own: which polls are certain (poll-exchange.ts), the call (poll-draws.ts).
 * The same results as node/core/sampler.ts and foresight.ts, bit for bit, which say what is computed here and why.
 * Rebuilt and compared by test/campaigns/targets/simulator/poll-draws.test.ts.
 */
#include <wasm_simd128.h>

typedef int i32;
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;

/* event.ts, params.ts; loops go on to the end of a vector. */
enum { MOST_MEMBERS = 1 << 17, MOST_SLOTS = 1024 + 8, DELAYS = 4096 };
/* arrival.ts: later than every answer; where the ticks stand in a word. */
enum { NO_ARRIVAL = 0x7fffffff, ARRIVE_AT = 20, ASK_AT = 10 };
/* random.ts, traffic.ts */
enum { WEYL_STEP = (i32)0x9e3779b1, QUERY_DRAWS = 0x2545f491, ANSWER_DRAWS = 0x6c8e9cf5 };
enum { END, VOTERS, REFUSALS, ANSWERS, LOST_QUERIES, LOST_ANSWERS, RESULTS };

#define VECTOR __attribute__((aligned(16)))
static i32 asked[MOST_MEMBERS] VECTOR;
static u8 stamp[MOST_MEMBERS] VECTOR;
static u32 epoch;
static u16 delays[DELAYS] VECTOR;
static i32 peers[MOST_SLOTS] VECTOR;
/* By slot: draws, then ticks; what a peer was asked before; the answer's word, hidden unless it is a yes; its tick. */
static i32 query[MOST_SLOTS] VECTOR, answer[MOST_SLOTS] VECTOR;
static i32 asks[MOST_SLOTS] VECTOR, is_lost[MOST_SLOTS] VECTOR;
static i32 yes[MOST_SLOTS] VECTOR;
static u16 ticks[MOST_SLOTS] VECTOR;
/* Words of the refusals, by slot and in the order of arrival. */
static i32 no[MOST_SLOTS] VECTOR, refusals[MOST_SLOTS] VECTOR;
static i32 result[RESULTS] VECTOR;

i32 *asked_at(void) { return asked; }
u16 *delays_at(void) { return delays; }
i32 *peers_at(void) { return peers; }
i32 *refusals_at(void) { return refusals; }
i32 *result_at(void) { return result; }

#define ALL wasm_i32x4_splat
#define ALL16 wasm_i16x8_splat
#define ADD wasm_i32x4_add
#define SUB wasm_i32x4_sub
#define XOR wasm_v128_xor
#define OR wasm_v128_or
#define SHR wasm_u32x4_shr
#define LOAD wasm_v128_load
#define STORE wasm_v128_store
/* Four counters in a row, times the Weyl step. */
#define FIRST_WEYL(step) wasm_i32x4_mul(wasm_i32x4_const(0, 1, 2, 3), ALL(step))

static inline v128_t mix_begin(v128_t key, v128_t weyl) {
  v128_t h = XOR(key, weyl);
  h = wasm_i32x4_mul(XOR(h, SHR(h, 16)), ALL((i32)0x85ebca6b));
  return XOR(h, SHR(h, 13));
}

static inline v128_t mix_end(v128_t begun, v128_t key) {
  v128_t h = ADD(begun, key);
  h = wasm_i32x4_mul(XOR(h, SHR(h, 15)), ALL((i32)0xc2b2ae35));
  return XOR(h, SHR(h, 16));
}

static inline i32 sum(v128_t v) {
  return wasm_i32x4_extract_lane(v, 0) + wasm_i32x4_extract_lane(v, 1) + wasm_i32x4_extract_lane(v, 2) +
         wasm_i32x4_extract_lane(v, 3);
}

static inline i32 sum16(v128_t v) { return sum(wasm_i32x4_dot_i16x8(v, ALL16(1))); }

/* Writes k distinct peers of `self` to `peers`, and up to seven numbers behind them. */
void sample(i32 self, i32 k, i32 key_a, i32 key_b, i32 others) {
  if (++epoch == 256) {
    for (i32 member = 0; member <= others; member++) stamp[member] = 0;
    epoch = 1;
  }
  const v128_t a = ALL(key_a), b = ALL(key_b), bound = ALL(others), before = ALL(self - 1);
  v128_t weyl = FIRST_WEYL(WEYL_STEP);
  i32 drawn[8] VECTOR;
  for (i32 n = 0; n < k;) {
    for (i32 at = 0; at < 8; at += 4) {
      const v128_t random = mix_end(mix_begin(a, weyl), b);
      weyl = ADD(weyl, ALL(4 * (u32)WEYL_STEP));
      const v128_t low = wasm_u64x2_extmul_low_u32x4(random, bound);
      const v128_t high = wasm_u64x2_extmul_high_u32x4(random, bound);
      const v128_t draw = wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
      STORE(&drawn[at], ADD(draw, SHR(SUB(before, draw), 31)));
    }
    for (i32 i = 0; i < 8; i++) {
      const i32 peer = drawn[i];
      const u32 seen = stamp[peer];
      stamp[peer] = (u8)epoch;
      peers[n] = peer;
      n += seen != epoch;
    }
  }
}

/* Of `count` words those that are at most `until`. */
static inline i32 count_until(const i32 *words, i32 count, i32 until) {
  const v128_t limit = ALL(until);
  v128_t found = ALL(0);
  for (i32 i = 0; i < count; i += 4) found = SUB(found, wasm_i32x4_le(LOAD(&words[i]), limit));
  return sum(found);
}

/* The least yes that is at least `from`. */
static inline i32 least_yes(i32 k, i32 from) {
  const v128_t low = ALL(from);
  v128_t v = ALL(NO_ARRIVAL);
  for (i32 i = 0; i < k; i += 4) {
    const v128_t word = LOAD(&yes[i]);
    v = wasm_i32x4_min(v, OR(word, SHR(wasm_i32x4_lt(word, low), 1)));
  }
  v = wasm_i32x4_min(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  v = wasm_i32x4_min(v, wasm_i32x4_shuffle(v, v, 1, 0, 3, 2));
  return wasm_i32x4_extract_lane(v, 0);
}

/* The nth yes; there are that many. First the eight ticks in which it arrives, by quarters of 2,048. */
static i32 nth_yes(i32 k, i32 n) {
  i32 tick = 0, earlier = 0;
  for (i32 step = 512; step >= 8; step >>= 2) {
    const v128_t t1 = ALL16(tick + step), t2 = ALL16(tick + 2 * step), t3 = ALL16(tick + 3 * step);
    v128_t c1 = ALL16(0), c2 = c1, c3 = c1;
    for (i32 i = 0; i < k; i += 8) {
      const v128_t at = LOAD(&ticks[i]);
      c1 = wasm_i16x8_sub(c1, wasm_i16x8_lt(at, t1));
      c2 = wasm_i16x8_sub(c2, wasm_i16x8_lt(at, t2));
      c3 = wasm_i16x8_sub(c3, wasm_i16x8_lt(at, t3));
    }
    const i32 b1 = sum16(c1), b2 = sum16(c2), b3 = sum16(c3);
    tick += step * ((b1 < n) + (b2 < n) + (b3 < n));
    earlier = b3 < n ? b3 : b2 < n ? b2 : b1 < n ? b1 : earlier;
  }
  i32 word = least_yes(k, tick << ARRIVE_AT);
  for (; ++earlier < n;) word = least_yes(k, word + 1);
  return word;
}

/* The answer with which it is certain whether `least` say yes. */
static i32 decided(i32 k, i32 voters, i32 refusing, i32 least) {
  const i32 by_no = k - least < refusing ? refusals[k - least] : NO_ARRIVAL;
  const i32 by_yes = voters < least ? NO_ARRIVAL : nth_yes(k, least);
  return by_no < by_yes ? by_no : by_yes;
}

/* Draws of queries and answers; returns whether one may be lost. */
static inline i32 draw(i32 key, i32 k, i32 loss_limit) {
  const v128_t all = ALL(key), limit = ALL(loss_limit), step = ALL(8 * (u32)WEYL_STEP);
  v128_t weyl = FIRST_WEYL(2 * (u32)WEYL_STEP), lost = ALL(0);
  for (i32 i = 0; i < k; i += 4) {
    const v128_t begun = mix_begin(all, weyl);
    weyl = ADD(weyl, step);
    const v128_t ask = mix_end(begun, ALL(QUERY_DRAWS)), reply = mix_end(begun, ALL(ANSWER_DRAWS));
    lost = OR(lost, OR(wasm_i32x4_lt(SHR(ask, 12), limit), wasm_i32x4_lt(SHR(reply, 12), limit)));
    STORE(&query[i], ask);
    STORE(&answer[i], reply);
  }
  return wasm_v128_any_true(lost);
}

/* Counts the queries at their peers; draws become ticks. */
static inline void ask_all(i32 k, i32 loss_limit, i32 may_lose) {
  for (i32 i = 0; i < k; i++) {
    const i32 before = asked[peers[i]];
    i32 arrives = 1;
    if (may_lose) {
      arrives = (i32)((u32)query[i] >> 12) >= loss_limit;
      const i32 returns = (i32)((u32)answer[i] >> 12) >= loss_limit;
      is_lost[i] = -!(arrives & returns);
      result[LOST_QUERIES] += !arrives;
      result[LOST_ANSWERS] += arrives & !returns;
    }
    asked[peers[i]] = before + arrives;
    asks[i] = before;
    query[i] = delays[query[i] & (DELAYS - 1)];
    answer[i] = delays[answer[i] & (DELAYS - 1)];
  }
}

/* Words of the answers; returns how many refuse. */
static inline i32 arrange(i32 k, i32 refuse, i32 may_lose) {
  const v128_t hidden = ALL(NO_ARRIVAL), refusing = ALL(-refuse), four = ALL(4), most = ALL(k);
  v128_t slot = wasm_i32x4_const(0, 1, 2, 3);
  i32 found = 0;
  for (i32 i = 0; i < k; i += 8) {
    v128_t arrive[2], hide[2];
    u32 refused = 0;
    for (i32 half = 0; half < 2; half++) {
      const i32 at = i + 4 * half;
      const v128_t ask = LOAD(&query[at]);
      arrive[half] = ADD(ask, LOAD(&answer[at]));
      const v128_t word = OR(OR(wasm_i32x4_shl(arrive[half], ARRIVE_AT), wasm_i32x4_shl(ask, ASK_AT)), slot);
      v128_t none = wasm_i32x4_ge(slot, most);
      if (may_lose) none = OR(none, LOAD(&is_lost[at]));
      const v128_t is_no = wasm_v128_and(wasm_i32x4_shr(LOAD(&asks[at]), 31), wasm_v128_andnot(refusing, none));
      hide[half] = OR(is_no, none);
      STORE(&yes[at], wasm_v128_bitselect(hidden, word, hide[half]));
      STORE(&query[at], word);
      refused |= (u32)wasm_i32x4_bitmask(is_no) << (4 * half);
      slot = ADD(slot, four);
    }
    const v128_t at16 = wasm_i16x8_narrow_i32x4(arrive[0], arrive[1]);
    STORE(&ticks[i], wasm_v128_bitselect(ALL16(0x7fff), at16, wasm_i16x8_narrow_i32x4(hide[0], hide[1])));
    for (; refused != 0; refused &= refused - 1) no[found++] = query[i + __builtin_ctz(refused)];
  }
  for (i32 i = found; i < found + 4; i++) no[i] = NO_ARRIVAL;
  return found;
}

/* Looks at a poll whose peers are in `peers`; attackers have the top bit of `asked` set and refuse if `refuse` is 1. */
void look(i32 key, i32 k, i32 loss_limit, i32 refuse, i32 alpha, i32 alpha_preference, i32 early_end) {
  result[LOST_QUERIES] = result[LOST_ANSWERS] = 0;
  const i32 may_lose = draw(key, k, loss_limit);
  if (may_lose) ask_all(k, loss_limit, 1);
  else ask_all(k, loss_limit, 0);
  const i32 refusing = arrange(k, refuse, may_lose);
  for (i32 i = 0; i < refusing; i++) {
    const v128_t word = ALL(no[i]);
    v128_t rank = ALL(0);
    for (i32 j = 0; j < refusing; j += 4) rank = SUB(rank, wasm_i32x4_lt(LOAD(&no[j]), word));
    refusals[sum(rank)] = no[i];
  }
  const i32 answers = k - result[LOST_QUERIES] - result[LOST_ANSWERS], voters = answers - refusing;
  i32 end = NO_ARRIVAL;
  if (early_end) {
    end = decided(k, voters, refusing, alpha);
    if (alpha_preference != alpha && end != NO_ARRIVAL) {
      const i32 preferred = decided(k, voters, refusing, alpha_preference);
      if (preferred > end) end = preferred;
    }
  } else if (answers == k) {
    end = refusing == 0 ? 0 : refusals[refusing - 1];
    for (i32 i = 0; i < k; i++)
      if (yes[i] != NO_ARRIVAL && yes[i] > end) end = yes[i];
  }
  result[END] = end;
  result[ANSWERS] = answers;
  result[VOTERS] = end == NO_ARRIVAL ? 0 : count_until(yes, k, end);
  result[REFUSALS] = end == NO_ARRIVAL ? 0 : count_until(no, refusing, end);
}
