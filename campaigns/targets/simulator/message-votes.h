/*
 * What honest peers say, and when a poll is over: exceptions.ts and poll-book.ts for many polls, bit for bit the same.
 * Owns: noting an answer with exceptions, counting them, certainty. Does not own: messages (message-kernel.c).
 */
#pragma once
#include "message-kernel.h"

static inline i32 least(i32 a, i32 b) { return a < b ? a : b; }

/* Of the bits for 32 words those of the first `words`. */
static inline u32 first_bits(u32 bits, i32 words) { return words < 32 ? bits & ((1u << words) - 1) : bits; }

static inline i32 map_words(i32 words) { return (words + 31) >> 5; }

/* exceptions.ts, #at and room: where the answer at a slot is stored. */
static inline i32 *stored_at(i32 poll, i32 slot, i32 words) {
  const i32 most = 2 * s.scope_words + map_words(s.scope_words), each = 2 * words + map_words(words);
  return s.stored + poll * s.k * most + slot * each;
}

/* No word of the poll's scope may have an exception at an honest node. */
static inline i32 is_common(i32 poll, i32 words) {
  const i32 *open = s.open + poll * s.open_words;
  i32 some = 0;
  for (i32 from = 0; from < words; from += 32) some |= open[from >> 5];
  return some == 0;
}

/* What a poll asks of a peer, and what the peer says. */
struct query {
  const i32 *open, *scope, *votes, *marks;
  i32 words;
};

static inline struct query query_of(i32 poll, i32 peer, i32 words) {
  const i32 row = peer * s.row;
  return (struct query){s.open + poll * s.open_words, s.scope + poll * s.scope_words, s.votes + 2 * row,
                        s.marks + MARK_WORDS * row, words};
}

/* exceptions.ts, outside: a vertex that the peer is known to say yes to. */
static i32 says_some_yes(const struct query *q) {
  for (i32 w = 0; w < q->words; w++)
    if (!((u32)q->open[w >> 5] >> (w & 31) & 1) && q->scope[w] != 0) return 1;
  return 0;
}

/* intake.ts, want: something that is missing is not asked for yet, or may be again. */
static __attribute__((noinline)) i32 asks(const struct query *q, i32 peer) {
  const i32 may_repeat = us.now >= s.repeat_at[peer];
  for (i32 from = 0; from < q->words; from += 32) {
    for (u32 rest = first_bits(q->open[from >> 5], q->words - from); rest != 0; rest &= rest - 1) {
      const i32 w = from + __builtin_ctz(rest);
      i32 missing = q->scope[w] & ~q->votes[2 * w + 1];
      if (missing == 0) continue;
      const i32 *marks = q->marks + MARK_WORDS * w;
      missing &= ~marks[PENDING];
      if (!may_repeat) missing &= ~marks[REQUESTED];
      if (missing != 0) return 1;
    }
  }
  return 0;
}

/* exceptions.ts, put: notes the exceptions of an honest answer; returns its kind, and ASKS << 3 when the peer asks for some of them. */
static __attribute__((noinline)) i32 put(i32 poll, i32 slot, i32 peer, i32 words) {
  const struct query q = query_of(poll, peer, words);
  i32 *map_at = stored_at(poll, slot, words), *first = map_at + map_words(words), *next = first;
  i32 some = 0, yes = 0, known = 0, unknown = 0, missed = 0;
  for (i32 from = 0; from < words; from += 32) {
    u32 map = 0;
    for (u32 rest = first_bits(q.open[from >> 5], words - from); rest != 0; rest &= rest - 1) {
      const i32 bit = __builtin_ctz(rest), w = from + bit;
      const i32 asked = q.scope[w], missing = asked & ~q.votes[2 * w];
      yes |= asked & ~missing;
      if (missing == 0) continue;
      const i32 refused = missing & q.votes[2 * w + 1];
      known |= refused;
      unknown |= missing & ~refused;
      missed += __builtin_popcount(missing);
      s.refused_words[next - first] = refused;
      *next++ = missing;
      map |= 1u << bit;
    }
    if (map != 0 || words > 32) map_at[from >> 5] = map;
    some |= map;
  }
  if (some == 0) return YES_TO_ALL;
  s.bytes_sent[peer] += missed * us.exception_bytes;
  const i32 more = unknown != 0 && asks(&q, peer) ? ASKS << 3 : 0;
  if (yes == 0) yes = says_some_yes(&q);
  if (known == 0) return (yes == 0 ? ALL_UNKNOWN : SOME_UNKNOWN) | more;
  if (yes == 0 && unknown == 0) return NO_TO_ALL | more;
  for (i32 i = 0, found = next - first; i < found; i++) next[i] = s.refused_words[i];
  return SOME_REFUSED | more;
}

/* What the peer says to a query that is wanted, -1 when the caller has to find out. See put. */
static inline i32 kind_of(i32 poll, i32 slot, i32 peer, i32 words, i32 attacks) {
  if (!attacks) return is_common(poll, words) ? YES_TO_ALL : words > MOST_WORDS ? -1 : put(poll, slot, peer, words);
  const i32 has_scope = words > 0 && s.scope[poll * s.scope_words + words - 1] != 0;
  return s.attack != 0 && has_scope && is_common(poll, words) ? s.attack : -1;
}

/* Words of a row of counts. */
static inline i32 count_row(void) { return (s.scope_words + 3) & ~3; }

/* Adds what `n` answers (an even number) miss of 128 vertices to their counts: the carry runs through the planes. */
static inline void add_lanes(i32 *const *planes, i32 w, const i32 *lane, i32 lane_row, i32 n) {
  v128_t p[MOST_PLANES];
  for (i32 j = 0; j < MOST_PLANES; j++) p[j] = wasm_v128_load(planes[j] + w);
  for (i32 i = 0; i < n; i += 2) {
    const v128_t x = wasm_v128_load(lane + i * lane_row), y = wasm_v128_load(lane + (i + 1) * lane_row);
    const v128_t u = wasm_v128_xor(p[0], x);
    v128_t carry = wasm_v128_or(wasm_v128_and(p[0], x), wasm_v128_and(u, y));
    p[0] = wasm_v128_xor(u, y);
    for (i32 j = 1; j < MOST_PLANES; j++) {
      const v128_t plane = p[j];
      p[j] = wasm_v128_xor(plane, carry);
      carry = wasm_v128_and(plane, carry);
    }
  }
  for (i32 j = 0; j < MOST_PLANES; j++) wasm_v128_store(planes[j] + w, p[j]);
}

/* Counts the exceptions of `n` stored answers. */
static __attribute__((noinline)) void add_answers(i32 poll, i32 words, const i32 *slots, i32 n) {
  const i32 row = count_row(), lane_row = (words + 3) & ~3;
  static i32 *planes[MOST_PLANES];
  for (i32 j = 0; j < MOST_PLANES; j++) planes[j] = j < s.planes ? s.count + (poll * s.planes + j) * row : s.no_plane;
  static u32 some[MOST_WORDS / 32];
  for (i32 m = 0; m < map_words(words); m++) some[m] = 0;
  for (i32 i = 0; i < n + (n & 1); i++) {
    i32 *lane = s.lanes + i * lane_row;
    for (i32 w = 0; w < lane_row; w += 4) wasm_v128_store(lane + w, wasm_i32x4_const_splat(0));
    if (i == n) break;
    const i32 *map = stored_at(poll, slots[i], words), *next = map + map_words(words);
    for (i32 m = 0; m < map_words(words); m++) {
      some[m] |= map[m];
      for (u32 rest = map[m]; rest != 0; rest &= rest - 1) lane[(m << 5) + __builtin_ctz(rest)] = *next++;
    }
  }
  for (i32 w = 0; w < words; w += 4)
    if ((some[w >> 5] >> (w & 31) & 15) != 0) add_lanes(planes, w, s.lanes + w, lane_row, n + (n & 1));
}

/* poll-book.ts, #countNew. */
static __attribute__((noinline)) void count_new(i32 *head, i32 poll) {
  const i32 odd = head[ODD], words = head[SCOPE_WORDS];
  i32 counted = head[COUNTED], voters = 0, n = 0;
  i32 i = counted & COUNT_MASK;
  if (i == odd) return;
  i32 slots[BATCH];
  for (; i < odd; i++) {
    const i32 entry = s.odd[poll * s.k + i];
    if (entry >> KIND_IN_ODD < SOME_UNKNOWN) continue;
    if ((counted & SOME_COUNTED) == 0) {
      counted |= SOME_COUNTED;
      i32 *planes = s.count + poll * s.planes * count_row();
      for (i32 j = 0; j < s.planes; j++)
        for (i32 w = 0; w < words; w += 4) wasm_v128_store(planes + j * count_row() + w, wasm_i32x4_const_splat(0));
    }
    voters++;
    slots[n++] = entry & SLOT;
    if (n < BATCH) continue;
    add_answers(poll, words, slots, n);
    n = 0;
  }
  if (n > 0) add_answers(poll, words, slots, n);
  head[VOTERS] += voters;
  head[COUNTED] = (counted & SOME_COUNTED) | odd;
}

/* poll-book.ts, atLeast: masks of 4 words; `planes`: 0 when nothing is counted. */
static inline v128_t at_least(const i32 *planes, i32 row, i32 voters, i32 votes) {
  const i32 too_many = voters - votes + 1;
  if (votes <= 0) return wasm_i32x4_const_splat(-1);
  if (too_many <= 0) return wasm_i32x4_const_splat(0);
  if (planes == 0 || too_many >= 1 << s.planes) return wasm_i32x4_const_splat(-1);
  v128_t borrow = wasm_i32x4_const_splat(0);
  for (i32 j = 0; j < s.planes; j++) {
    const v128_t bit = wasm_i32x4_splat(-(too_many >> j & 1)), plane = wasm_v128_load(planes + j * row);
    borrow = wasm_v128_or(wasm_v128_andnot(bit, plane), wasm_v128_andnot(borrow, wasm_v128_xor(plane, bit)));
  }
  return borrow;
}

/* Votes that one vertex misses. */
static i32 missed_by(const i32 *planes, i32 row, i32 vertex) {
  i32 votes = 0;
  if (planes == 0) return 0;
  for (i32 j = 0; j < s.planes; j++) votes |= ((u32)planes[j * row + (vertex >> 5)] >> (vertex & 31) & 1) << j;
  return votes;
}

/* poll-book.ts, #isCertain: every vertex of the scope is; else notes when it pays to look again. */
static __attribute__((noinline)) i32 is_certain(i32 *head, i32 poll, i32 filled) {
  const i32 words = head[SCOPE_WORDS], voters = head[VOTERS], row = count_row(), left = filled - s.k;
  const i32 *scope = s.scope + poll * s.scope_words;
  const i32 *planes = head[COUNTED] < SOME_COUNTED ? 0 : s.count + poll * s.planes * row;
  for (i32 from = 0; from < words; from += 4) {
    const i32 *at = planes == 0 ? 0 : planes + from;
    v128_t undetermined = wasm_v128_andnot(at_least(at, row, voters, left + s.alpha), at_least(at, row, voters, s.alpha));
    if (s.preference != s.alpha)
      undetermined = wasm_v128_or(undetermined, wasm_v128_andnot(at_least(at, row, voters, left + s.preference),
                                                                 at_least(at, row, voters, s.preference)));
    if (!wasm_v128_any_true(undetermined)) continue;
    i32 open[4] __attribute__((aligned(16)));
    wasm_v128_store(open, undetermined);
    for (i32 w = from; w < least(from + 4, words); w++) {
      const i32 bits = open[w - from] & scope[w];
      if (bits == 0) continue;
      const i32 votes = voters - missed_by(planes, row, (w << 5) + __builtin_ctz(bits));
      const i32 success = s.alpha - votes, failure = votes - filled + s.k - s.alpha + 1;
      head[NEXT_CHECK] = filled + (success > 0 && failure > 0 ? least(success, failure) : 1);
      return 0;
    }
  }
  return 1;
}

/* Whether that many yes votes are at least `votes` or can no longer be. */
static inline i32 is_settled(i32 voters, i32 open, i32 votes) { return voters >= votes || voters + open < votes; }

/* The poll is not over, and that is known at once: no exceptions are stored, so all of its scope have the same votes. Notes when to look again. */
static inline i32 is_open(i32 *head, i32 filled) {
  const i32 open = s.k - filled, voters = head[VOTERS];
  if (head[COUNTED] >= SOME_STORED || open <= 0 || head[SCOPE_WORDS] == 0 || head[NEXT_CHECK] == 0) return 0;
  if (is_settled(voters, open, s.alpha) && is_settled(voters, open, s.preference)) return 0;
  const i32 success = s.alpha - voters, failure = voters + open - s.alpha + 1;
  const i32 sooner = least(success, failure);
  head[NEXT_CHECK] = filled + (sooner > 0 ? sooner : 1);
  head[COUNTED] = head[ODD];
  return 1;
}
