/*
 * The path of every query and answer in WebAssembly: the loops of exchange.ts for what is the same for almost every message.
 * Owns: these loops and pushing into the two queues. Does not own: the memory (message-kernel.ts), any other case: where a
 * message needs more than is known here, nothing of it is done and the caller does it.
 * The same results as exchange.ts, wheel.ts, cpu.ts and poll-book.ts, bit for bit, which say what is computed here and why.
 * Each loop is there twice: "careful" where messages cost CPU or a partition may cut them, and without both.
 * Rebuilt and compared by test/campaigns/targets/simulator/message-kernel.test.ts.
 */
#include "message-votes.h"

void *control_at(void) { return &s; }
void *times_at(void) { return &us; }
void *free_at(void) { return &__heap_base; }

static inline u32 mix(u32 key_a, u32 key_b, u32 counter) {
  u32 h = key_a ^ (counter * (u32)WEYL_STEP);
  h = (h ^ (h >> 16)) * 0x85ebca6bu;
  h = (h ^ (h >> 13)) + key_b;
  h = (h ^ (h >> 15)) * 0xc2b2ae35u;
  return h ^ (h >> 16);
}

/* A slot of the queue has no room: gives it another chunk. */
static __attribute__((noinline)) i32 extend(const struct queue *q, i32 slot, i32 at) {
  i32 chunk = q->ends[0];
  if (chunk != 0) {
    q->ends[0] = q->next[chunk];
    q->next[chunk] = 0;
  } else {
    chunk = q->ends[1]++;
  }
  if (at == 0) q->first[slot] = chunk;
  else q->next[at / CHUNK - 1] = chunk;
  return chunk * CHUNK;
}

/* Math.round of a number that is not negative. */
static inline i32 rounded(f64 x) {
  const f64 whole = __builtin_floor(x);
  return (i32)whole + (x - whole >= 0.5);
}

static inline i32 node_of(i32 poll) { return s.concurrent == 1 ? poll : poll / s.concurrent; }

/* Cpu.loop and Cpu.isOverloaded: ticks until the node has answered a query, -1: it refuses. */
static inline i32 serve(i32 node) {
  const f64 now = us.now, free = s.loop_free[node];
  if (free - now > us.longest_backlog) {
    s.refused++;
    return -1;
  }
  f64 cost = us.answer;
  if (s.throttled) {
    cost *= s.factor[node];
    us.throttled += cost - us.answer;
  }
  const f64 done = (free > now ? free : now) + cost;
  s.loop_free[node] = done;
  s.loop_busy[node] += cost;
  return rounded((done - now) / us.tick);
}

static inline void push(const struct queue *q, i32 slot, u32 a, u32 b) {
  i32 at = q->write[slot];
  if ((at & (CHUNK - 1)) == 0) at = extend(q, slot, at);
  *(u64 *)&q->pool[at] = a | (u64)b << 32;
  q->write[slot] = at + 2;
}

/* Sends the first `count` queries of a poll, in `wait` ticks. */
void query_all(i32 poll, i32 count, i32 wait) {
  const struct queue queue = s.queries;
  const i32 *head = s.head + poll * s.stride, *peers = s.peers + poll * s.k;
  const u32 key = head[KEY], about = (u32)head[SEQUENCE] << SEQUENCE_AT | poll;
  const i32 now = s.now + wait, mask = s.slot_mask, loss_limit = s.loss_limit;
  const u16 *delays = s.delays;
  u32 *draws = s.draws;
  for (i32 slot = 0; slot < count; slot++) draws[slot] = mix(key, QUERY_DRAWS, 2 * slot);
  for (i32 slot = 0; slot < count; slot++) {
    const u32 draw = draws[slot];
    if ((i32)(draw >> 12) < loss_limit) s.lost++;
    else push(&queue, (now + delays[draw & (DELAYS - 1)]) & mask, slot << SLOT_AT | peers[slot], about);
  }
}

/* Sends the answer to a query in `wait` ticks; returns whether it is lost. */
static inline i32 send(const struct queue *queue, const i32 *head, i32 is_current, u32 a, u32 b, i32 wait) {
  const i32 poll = b & POLL, sequence = b >> SEQUENCE_AT;
  const u32 key = is_current ? head[KEY] : s.past_keys[(poll << PAST_BITS) + (sequence & ((1 << PAST_BITS) - 1))];
  const u32 draw = mix(key, ANSWER_DRAWS, 2 * (a >> SLOT_AT & SLOT) + (a >> ATTEMPT_AT & 1));
  if ((i32)(draw >> 12) < s.loss_limit) return 1;
  push(queue, (s.now + wait + s.delays[draw & (DELAYS - 1)]) & s.slot_mask, a, b);
  return 0;
}

static ALWAYS void reply_to(i32 from, i32 until, const i32 careful) {
  const struct queue queue = s.answers;
  const i32 *pool = s.queries.pool, *waits = s.waits;
  const i32 first = s.waits_from;
  i32 lost = 0;
  for (i32 e = from; e < until; e += 2) {
    const u32 a = pool[e], b = pool[e + 1];
    const i32 *head = s.head + (b & POLL) * s.stride;
    if ((i32)b == NOBODY) continue;
    lost += send(&queue, head, head[SEQUENCE] == (i32)(b >> SEQUENCE_AT), a, b, careful ? waits[(e - first) >> 1] : 0);
  }
  s.lost += lost;
}

/* Sends the answers to queries whose kinds are known. */
void reply(i32 from, i32 until) { reply_to(from, until, 0); }
void reply_carefully(i32 from, i32 until) { reply_to(from, until, 1); }

static ALWAYS i32 take_queries(i32 from, i32 until, const i32 careful) {
  const struct queue queue = s.answers;
  i32 *pool = s.queries.pool, *asked = s.asked;
  const i32 *heads = s.head;
  const u8 *active = s.active;
  const i32 stride = s.stride, far = s.slot_mask - s.most_delay;
  i32 delivered = 0, missing = 0, lost = 0, held = until;
  if (careful) s.waits_from = from;
  for (i32 e = from; e < until; e += 2) {
    u32 a = pool[e];
    const u32 b = pool[e + 1];
    const i32 peer = a & MEMBER, poll = b & POLL;
    i32 wait = 0;
    if (!active[peer]) {
      pool[e + 1] = NOBODY;
      continue;
    }
    if (careful) {
      if (s.partitioned && s.group[peer] != s.group[node_of(poll)]) {
        s.cut++;
        pool[e + 1] = NOBODY;
        continue;
      }
      if (s.has_weight) wait = serve(peer);
      s.waits[(e - from) >> 1] = wait;
    }
    delivered++;
    if (careful && wait < 0) {
      pool[e + 1] = NOBODY;
      continue;
    }
    const i32 before = asked[peer];
    asked[peer] = before + 1;
    const i32 slot = a >> SLOT_AT & SLOT, attempt = a >> ATTEMPT_AT & 1;
    const i32 *head = heads + poll * stride;
    const i32 is_current = head[SEQUENCE] == (i32)(b >> SEQUENCE_AT);
    const i32 state = (u32)head[STATES + (slot >> 4)] >> ((slot & 15) << 1) & 3;
    i32 kind = 0, marks = 0;
    if (is_current && state == attempt << 1) kind = kind_of(poll, slot, peer, head[SCOPE_WORDS], before < 0);
    if (kind < 0) {
      marks = UNKNOWN;
    } else {
      marks = kind >> 3;
      a |= (u32)kind << KIND_AT;
    }
    if (careful && wait > far) marks |= FAR;
    if (marks != 0) s.unknown[missing++] = e << 3 | marks;
    if ((marks & (UNKNOWN | FAR)) != 0 && held == until) held = e;
    if (held == until) lost += send(&queue, head, is_current, a, b, wait);
    else pool[e] = a;
  }
  s.held_from = held;
  s.delivered += delivered;
  s.lost += lost;
  return missing;
}

/* Queries arrive. Sends their answers; returns how many are left to the caller, `unknown`: `reply` follows from the first of them on. */
i32 queries(i32 from, i32 until) { return take_queries(from, until, 0); }
i32 queries_carefully(i32 from, i32 until) { return take_queries(from, until, 1); }

/* An answer cannot be read now: what becomes of it. */
enum { FREE, GONE, LATER, BEYOND };

/* exchange.ts, #isHeldBack: a partition cuts it off, or the querier's event loop is busy: then it waits. */
static inline i32 hold_back(const struct queue *queue, i32 querier, u32 a, u32 b) {
  if (a & DEFERRED) return FREE;
  if (s.partitioned && s.group[a & MEMBER] != s.group[querier]) {
    s.cut++;
    return GONE;
  }
  if (!s.has_weight) return FREE;
  const f64 wait = s.loop_free[querier] - us.now;
  if (wait < us.tick) return FREE;
  const f64 ticks = wait / us.tick;
  if (ticks >= (f64)s.slot_mask) return BEYOND;
  push(queue, (s.now + (i32)ticks) & s.slot_mask, a | DEFERRED, b);
  return LATER;
}

static ALWAYS i32 take_answers(i32 from, i32 until, const i32 careful) {
  const struct queue queue = s.answers;
  const i32 *pool = queue.pool;
  const u8 *active = s.active;
  i32 *heads = s.head;
  u16 *odd = s.odd;
  const i32 stride = s.stride, k = s.k;
  i32 delivered = 0, ignored = 0, e = from;
  for (; e < until; e += 2) {
    const u32 a = pool[e], b = pool[e + 1];
    const i32 poll = b & POLL, sequence = b >> SEQUENCE_AT;
    const i32 slot = a >> SLOT_AT & SLOT, attempt = a >> ATTEMPT_AT & 1;
    i32 *head = heads + poll * stride;
    const i32 is_current = head[SEQUENCE] == sequence;
    if (careful) {
      const i32 querier = node_of(poll);
      if (!is_current && !active[querier]) continue;
      const i32 held = hold_back(&queue, querier, a, b);
      if (held == BEYOND) break;
      delivered += held == LATER;
      if (held != FREE) continue;
    }
    if (!is_current) {
      if (attempt == 0 && slot == sequence % k) break;
      if (!careful && !active[node_of(poll)]) continue;
      delivered += !(careful && a & DEFERRED);
      ignored++;
      continue;
    }
    if (attempt == 0 && slot == head[SAMPLE_SLOT]) break;
    const i32 states = head[STATES + (slot >> 4)], shift = (slot & 15) << 1;
    if (((u32)states >> shift & 3) != (u32)attempt << 1) {
      delivered += !(careful && a & DEFERRED);
      ignored++;
      continue;
    }
    const i32 filled = head[FILLED] + 1, kind = a >> KIND_AT;
    const i32 looks = filled >= head[NEXT_CHECK];
    if (looks && (head[SCOPE_WORDS] > MOST_WORDS || s.planes > MOST_PLANES)) break;
    delivered += !(careful && a & DEFERRED);
    head[STATES + (slot >> 4)] = states ^ (i32)((u32)(attempt << 1 ^ ANSWERED) << shift);
    head[FILLED] = filled;
    if (kind == YES_TO_ALL) {
      head[VOTERS]++;
    } else {
      odd[poll * k + head[ODD]++] = (u16)(kind << KIND_IN_ODD | slot);
      if (kind >= SOME_UNKNOWN) head[COUNTED] |= SOME_STORED;
    }
    if (!looks || is_open(head, filled)) continue;
    count_new(head, poll);
    if (filled < k && !is_certain(head, poll, filled)) continue;
    s.is_over = 1;
    break;
  }
  s.delivered += delivered;
  s.ignored += ignored;
  return e;
}

/* Answers arrive. Returns the first that the caller has to look at, or `until`; if `is_over`, only its poll has to be concluded. */
i32 answers(i32 from, i32 until) { return take_answers(from, until, 0); }
i32 answers_carefully(i32 from, i32 until) { return take_answers(from, until, 1); }
