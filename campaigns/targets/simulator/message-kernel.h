/*
 * Where the kernel's loops find everything: the control block, the layouts of the arrays, the bits of an event.
 * Owns: these, as exchange.ts, poll-book.ts, standing.ts, exceptions.ts and wheel.ts have them. Does not own: anything computed.
 */
#pragma once
typedef int i32;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned short u16;
typedef unsigned char u8;
typedef double f64;

#include <wasm_simd128.h>

/* event.ts */
enum { MEMBER = (1 << 17) - 1, POLL = (1 << 20) - 1, SLOT = 1023, SLOT_AT = 17, ATTEMPT_AT = 27, SEQUENCE_AT = 20, KIND_AT = 29 };
enum { DEFERRED = 1 << 28 };
/* poll-book.ts: fields of a poll's record, states of a slot */
enum { SEQUENCE, SCOPE_WORDS, FILLED, NEXT_CHECK, KEY, VOTERS, SAMPLE_SLOT, ODD, COUNTED, STATES, SOME_COUNTED = 1 << 16, COUNT_MASK = (1 << 12) - 1 };
enum { ANSWERED = 1, KIND_IN_ODD = 10, SOME_STORED = 1 << 12 };
/* exceptions.ts */
enum { YES_TO_ALL = 1, NO_TO_ALL, ALL_UNKNOWN, SOME_UNKNOWN, SOME_REFUSED };
/* standing.ts: words of a (node, word), and two of them */
enum { MARK_WORDS = 8, PENDING = 5, REQUESTED = 6 };
/* Wider scopes are left to the caller; answers that are counted at once. */
enum { MOST_WORDS = 512, MOST_PLANES = 7, BATCH = 16 };
/* Queries that are read before the first of them is looked at. */
enum { READ_AHEAD = 16 };
/* exchange.ts, wheel.ts, network.ts, random.ts, traffic.ts */
enum { ATTACKER = (i32)0x80000000, PAST_BITS = 4, NARROW = 256, WIDE = 1024, DELAYS = 4096, NOBODY = -1, MOST_TICKS = 0x7fffffff };
/* Below the place of a query in `unknown`: its kind is not known, it leaves later than the queue reaches, its vertices are asked for. */
enum { UNKNOWN = 1, FAR = 2, ASKS = 4 };
enum { WEYL_STEP = (i32)0x9e3779b1, QUERY_DRAWS = 0x2545f491, ANSWER_DRAWS = 0x6c8e9cf5 };

/* A queue's arrays; `ends`: the first free chunk, the chunks ever used, how many of them are free again. */
struct queue { i32 *pool, *next, *write, *first, *ends; };

/* Of a poll: its sequence, NOBODY when it asks about nothing, and its key. */
struct about { i32 sequence; u32 key; };

/* Where everything stands, written by the caller, and what was counted, read by it. */
static struct {
  i32 *head, stride, k, concurrent;
  u16 *odd;
  i32 *peers, *scope, scope_words, *open, open_words, *votes, row;
  u8 *active;
  i32 *asked, *past_keys;
  /* What attackers say to everything, 0: that has to be asked. */
  i32 attack;
  i32 alpha, preference;
  i32 slot_mask;
  struct queue queries, answers;
  /* Ticks by the low 12 bits of a draw. */
  const u16 *delays;
  u32 *draws;
  /* Queries of the last run whose answers the caller has to find out. */
  i32 *unknown;
  i32 now, loss_limit;
  i32 delivered, lost, ignored;
  /* Careful: 1 if a partition cuts; by member. */
  i32 partitioned;
  const u8 *group;
  /* Careful: 1 if messages cost CPU, 1 if nodes are slowed down; by member: when its event loop is free, how busy it was, its cost. */
  i32 has_weight, throttled;
  f64 *loop_free, *loop_busy;
  const f64 *factor;
  i32 cut, refused;
  /* The longest delay in the table. */
  i32 most_delay;
  /* Careful: by event of the last chunk of queries, ticks until its answer leaves. */
  i32 *waits;
  /* Where the last queries begin. */
  i32 queries_from;
  /* From the first query on whose answer the caller sends. */
  i32 held_from;
  /* The answer at which the loop ended has been counted, and its poll is over. */
  i32 is_over;
  i32 *stored, *count, planes, *marks;
  f64 *bytes_sent, *repeat_at;
  /* Room: refused vertices by word; what answers that are counted miss, [answer][word]; planes that counts of a smaller k lack, always 0. */
  i32 *refused_words, *lanes, *no_plane;
  /* Of the last queries: keys of their polls' draws, those that are not simple. */
  u32 *keys;
  i32 *left;
  const struct about *abouts;
  /* Words of a chunk. */
  i32 chunk;
  /* Some of the last queries have not arrived. */
  i32 gaps;
  /* Rough: network.ts, moveLinks; 1 if some nodes' messages take longer. */
  f64 *extra, *send_free, *receive_free;
  u32 pair_key;
  i32 of_pairs, reorder_ticks, has_extra;
  i32 queue_drops, delayed;
  /* Events that the queue does not reach, in the order in which they were sent: ticks and both words; how many. */
  i32 *beyond, beyond_count;
  /* Keeps the compiler from leaving reads out. */
  i32 seen;
} s;
/* The same, in microseconds; what throttling added is read by the caller. */
static struct {
  f64 now, tick, answer, longest_backlog, throttled;
  /* Bytes of an exception in an answer. */
  f64 exception_bytes;
  /* Rough: chances, and what a link takes; bytes of a query and of an answer. */
  f64 reorder, duplication, per_byte, longest_queue, query_bytes, answer_bytes;
} us;
extern u8 __heap_base;
/* Specialised by its arguments: left to itself the compiler makes one function of both loops, which asks at every message. */
#define ALWAYS inline __attribute__((always_inline))
