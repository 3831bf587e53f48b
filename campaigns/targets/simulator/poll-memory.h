/*
 * Where the loops over whole polls find everything: the control block that poll-memory.ts writes, and the numbers beside it.
 * Owns: their layout, and that of the core's records. Does not own: what is done with them (poll-turns.h, poll-follow.h), the arrays they point to.
 */
#pragma once
typedef double f64;

/* event.ts */
enum { POLL = (1 << 20) - 1, MEMBER = (1 << 17) - 1, SEQUENCE_AT = 20, SLOT = 1023, QUERY_SLOT_AT = 17, ATTEMPT_AT = 27 };
/* poll-book.ts: fields of a poll's record */
enum { SEQUENCE, SCOPE_WORDS, FILLED, NEXT_CHECK, KEY, VOTES, SAMPLE_SLOT, ODD, COUNTED, STATES };
/* exceptions.ts, standing.ts */
enum { YES_TO_ALL = 1, NO_TO_ALL, ALL_UNKNOWN, SOME_UNKNOWN, MARK_WORDS = 8 };

/* There is room for those of one poll more. Words of one. */
enum { MOST_CONVICTIONS = 1024, CONVICTION = 3 };

/* wheel.ts */
struct queue {
  i32 *pool, *next, *write, *first, *ends;
};

struct turns {
  /* Instants of the tick, two words each. */
  i32 *due_a, *due_b;
  /* Polls, the peers that their nodes have convicted, ticks since the call. */
  i32 *convicted;
  /* poll-book.ts */
  i32 *head, stride, k;
  u16 *odd;
  i32 *peers, *scope, scope_words, *open, open_words;
  u16 *replaced;
  /* standing.ts: `row` words of a node; core.table.highWord */
  const i32 *marks;
  i32 row;
  const i32 *common;
  i32 high_word;
  u16 *counter, *rounds, *score;
  float *confidence;
  /* suspicion.ts */
  const i32 *suspect;
  i32 *strikes, strike_words;
  i32 *poll_number, *record;
  /* Of the run. */
  i32 seed, others, loss_limit, refuse, alpha, preference, early_end, first_check, beta, max_rounds;
  /* Ticks within which no poll times out. */
  i32 least_timeout;
  /* Numbers of the next sending and the next poll in flight. */
  i32 sendings, flights;
  /* Counted: turns of the last call; the others since they were read. */
  i32 turns, convictions, vertices, chits, delivered, lost, ignored;
  /* Keeps the compiler from leaving reads out. */
  i32 seen;
  /* By member or poll, as 64-bit numbers: suspicion.ts, round-trip.ts, core.ts, poll-book.ts, network.ts */
  f64 *struck, *smoothed, *deviation, *back_off, *next_start, *start, *previous_start, *bytes_sent;
  /* standing.ts: by node. */
  const f64 *repeat_at;
  /* By node and word: yes, known. */
  const i32 *votes;
  /* followed-answers.ts */
  i32 *order;
  u8 *kinds;
  /* Of the poll that was followed last: queries to wait for, their ticks above their slots. */
  i32 *waiting;
  /* Queries that arrive: two words each. */
  const i32 *pool;
  /* What all attackers say to everything, 0: that is not known here. */
  i32 attack_kind;
  /* Instants of the tick that have been read ahead. */
  i32 ahead;
  /* Of the last call: the poll that may need a timer, or -1. */
  i32 timer_of;
  /* Peers that refuse, by poll: k for each. */
  i32 *odd_peers;
  /* Instants; timers, vertices and requests; the place of this tick in both. */
  struct queue instants, events;
  i32 slot_mask, slot_now;
  /* in-flight.ts: a ring. */
  i32 *flight_node, *flight_key, *flight_count, *flight_end, flight_mask, first_flight;
  f64 *flight_start;
  /* How many chunks the queue of instants has; how many bits of a request say who sent it. */
  i32 chunks, sender_bits;
  /* Of the last call: ticks that are over; instants of the tick, and how many of them have happened; requests that have arrived. */
  i32 passed, due, done, requests;
};

struct turn_times {
  /* Microseconds; of a tick, of the interval between polls. */
  f64 now, tick, interval;
  f64 tick_now;
  /* Samples that arrive before that tick have arrived. */
  f64 settled_until;
  f64 weight, query_bytes, vertex_bytes, exception_bytes;
};

#define t own.turns
#define us own.turn_times
