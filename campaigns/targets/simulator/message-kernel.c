/*
 * The path of every query and answer in WebAssembly: the loops of exchange.ts for what is the same for almost every message.
 * Owns: these loops and pushing into the two queues. Does not own: the memory (message-kernel.ts), any other case: where a
 * message needs more than is known here, nothing of it is done and the caller does it.
 * The same results as exchange.ts, wheel.ts, cpu.ts and poll-book.ts, bit for bit, which say what is computed here and why.
 * Each loop is there twice: "careful" where messages cost CPU or a partition may cut them, and without both; loops that send once
 * more, "rough", for links with more than delay and loss.
 * Rebuilt and compared by test/campaigns/targets/simulator/message-kernel.test.ts.
 */
#include "message-links.h"
#include "message-votes.h"

void *control_at(void) { return &s; }
void *times_at(void) { return &us; }
void *free_at(void) { return &__heap_base; }

/* A slot of the queue has no room: gives it another chunk. */
static ALWAYS i32 extend(const struct queue *q, i32 slot, i32 at, const i32 width) {
  i32 chunk = q->ends[0];
  if (chunk != 0) {
    q->ends[0] = q->next[chunk];
    q->ends[2]--;
    q->next[chunk] = 0;
  } else {
    chunk = q->ends[1]++;
  }
  if (at == 0) q->first[slot] = chunk;
  else q->next[at / width - 1] = chunk;
  return chunk * width;
}

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

static ALWAYS void push(const struct queue *q, i32 slot, u32 a, u32 b, const i32 width) {
  i32 at = q->write[slot];
  if ((at & (width - 1)) == 0) at = extend(q, slot, at, width);
  *(u64 *)&q->pool[at] = a | (u64)b << 32;
  q->write[slot] = at + 2;
}

/* Sends the first `count` queries of a poll, in `wait` ticks. */
static ALWAYS void query_each(i32 poll, i32 count, i32 wait, const i32 width) {
  const i32 *head = s.head + poll * s.stride, *peer = s.peers + poll * s.k;
  const u32 key = head[KEY];
  const u64 about = (u64)((u32)head[SEQUENCE] << SEQUENCE_AT | poll) << 32;
  const i32 now = s.now + wait, mask = s.slot_mask, loss_limit = s.loss_limit;
  const u16 *delays = s.delays;
  u32 *draws = s.draws;
  i32 *write = s.queries.write, *pool = s.queries.pool;
  for (i32 slot = 0; slot < count; slot++) draws[slot] = mix(key, QUERY_DRAWS, 2 * slot);
  u32 place = 0;
  for (const u32 *end = draws + count; draws < end; draws++, peer++, place += 1 << SLOT_AT) {
    const u32 draw = *draws;
    if ((i32)(draw >> 12) < loss_limit) {
      s.lost++;
      continue;
    }
    const i32 slot = (now + delays[draw & (DELAYS - 1)]) & mask;
    i32 at = write[slot];
    if ((at & (width - 1)) == 0) at = extend(&s.queries, slot, at, width);
    *(u64 *)&pool[at] = about | place | (u32)*peer;
    write[slot] = at + 2;
  }
}

void query_all(i32 poll, i32 count, i32 wait) {
  if (s.chunk == NARROW) query_each(poll, count, wait, NARROW);
  else if (s.chunk == WIDE) query_each(poll, count, wait, WIDE);
  else query_each(poll, count, wait, s.chunk);
}

/* Queues an event on a rough network, where it may arrive later than the queue reaches. */
static ALWAYS void push_rough(const struct queue *q, i32 ticks, u32 a, u32 b, const i32 width) {
  if (ticks <= s.slot_mask) {
    push(q, (s.now + ticks) & s.slot_mask, a, b, width);
    return;
  }
  i32 *beyond = s.beyond + 3 * s.beyond_count++;
  beyond[0] = ticks;
  beyond[1] = (i32)a;
  beyond[2] = (i32)b;
}

/* exchange.ts, #queryAllRoughly. */
void query_all_roughly(i32 poll, i32 count, i32 wait) {
  const i32 *head = s.head + poll * s.stride, *peers = s.peers + poll * s.k;
  const u32 key = head[KEY], b = (u32)head[SEQUENCE] << SEQUENCE_AT | (u32)poll;
  const i32 node = node_of(poll), width = s.chunk;
  const struct queue queue = s.queries;
  for (i32 slot = 0; slot < count; slot++) {
    const u32 draw = mix(key, QUERY_DRAWS, 2 * slot), a = (u32)slot << SLOT_AT | (u32)peers[slot];
    const i32 ticks = link_delay(draw, node, peers[slot], us.query_bytes);
    if (ticks < 0) continue;
    if (is_duplicated(draw)) push_rough(&queue, ticks + 1, a, b, width);
    push_rough(&queue, ticks + wait, a, b, width);
  }
}

/* Draws for the answers to the queries [from, until), from the keys of their polls. */
static ALWAYS void draw_answers(i32 from, i32 until) {
  const i32 *pool = s.queries.pool;
  const u32 *keys = s.keys;
  u32 *draws = s.draws;
  const v128_t weyl = wasm_i32x4_const_splat(WEYL_STEP), added = wasm_i32x4_const_splat(ANSWER_DRAWS);
  const v128_t first = wasm_i32x4_const_splat((i32)0x85ebca6b), second = wasm_i32x4_const_splat((i32)0xc2b2ae35);
  const i32 begin = s.queries_from;
  for (i32 e = from; e < until; e += 8) {
    const i32 i = (e - begin) >> 1;
    const v128_t a = wasm_i32x4_shuffle(wasm_v128_load(pool + e), wasm_v128_load(pool + e + 4), 0, 2, 4, 6);
    const v128_t slot = wasm_v128_and(wasm_u32x4_shr(a, SLOT_AT - 1), wasm_i32x4_const_splat(2 * SLOT));
    const v128_t attempt = wasm_v128_and(wasm_u32x4_shr(a, ATTEMPT_AT), wasm_i32x4_const_splat(1));
    v128_t h = wasm_v128_xor(wasm_v128_load(keys + i), wasm_i32x4_mul(wasm_v128_or(slot, attempt), weyl));
    h = wasm_i32x4_mul(wasm_v128_xor(h, wasm_u32x4_shr(h, 16)), first);
    h = wasm_i32x4_add(wasm_v128_xor(h, wasm_u32x4_shr(h, 13)), added);
    h = wasm_i32x4_mul(wasm_v128_xor(h, wasm_u32x4_shr(h, 15)), second);
    wasm_v128_store(draws + i, wasm_v128_xor(h, wasm_u32x4_shr(h, 16)));
  }
}

/* Sends the answers to queries whose kinds are known; `gaps`: some are not answered at all. */
static ALWAYS void reply_each(i32 from, i32 until, const i32 careful, const i32 width, const i32 gaps) {
  const i32 begin = s.queries_from, now = s.now, mask = s.slot_mask, loss_limit = s.loss_limit;
  const i32 *query = s.queries.pool + from, *end = s.queries.pool + until, *wait = s.waits + ((from - begin) >> 1);
  const u32 *next = s.draws + ((from - begin) >> 1);
  const u16 *delays = s.delays;
  i32 *write = s.answers.write, *pool = s.answers.pool;
  for (; query < end; query += 2, next++, wait += careful) {
    const u64 event = *(const u64 *)query;
    if (gaps && (i32)(event >> 32) == NOBODY) continue;
    const u32 draw = *next;
    if ((i32)(draw >> 12) < loss_limit) {
      s.lost++;
      continue;
    }
    const i32 slot = (now + (careful ? *wait : 0) + delays[draw & (DELAYS - 1)]) & mask;
    i32 at = write[slot];
    if ((at & (width - 1)) == 0) at = extend(&s.answers, slot, at, width);
    *(u64 *)&pool[at] = event;
    write[slot] = at + 2;
  }
}

static ALWAYS void reply_to(i32 from, i32 until, const i32 careful, const i32 width) {
  draw_answers(from, until);
  if (careful || s.gaps) reply_each(from, until, careful, width, 1);
  else reply_each(from, until, careful, width, 0);
}

void reply(i32 from, i32 until) { reply_to(from, until, 0, s.chunk); }
void reply_carefully(i32 from, i32 until) { reply_to(from, until, 1, s.chunk); }

/* The same on links with more than delay and loss. */
void reply_roughly(i32 from, i32 until) {
  draw_answers(from, until);
  const struct queue queue = s.answers;
  const i32 *pool = s.queries.pool, width = s.chunk, begin = s.queries_from;
  for (i32 e = from; e < until; e += 2) {
    const u32 a = pool[e], b = pool[e + 1];
    if ((i32)b == NOBODY) continue;
    const u32 draw = s.draws[(e - begin) >> 1];
    const i32 delay = link_delay(draw, a & MEMBER, node_of(b & POLL), us.answer_bytes);
    if (delay < 0) continue;
    if (is_duplicated(draw)) push_rough(&queue, delay + 1, a, b, width);
    push_rough(&queue, s.waits[(e - begin) >> 1] + delay, a, b, width);
  }
}

/*
 * Reads what look_closer goes by, of queries [j, until) of those: it branches on it, and the processor would wait for one of them after the other.
 */
static inline void read_ahead(i32 j, i32 until) {
  const i32 *pool = s.queries.pool, words = s.open_words;
  i32 sum = 0;
  for (; j < until; j++) {
    const u32 a = pool[s.left[j]], poll = pool[s.left[j] + 1] & POLL;
    const u32 open = s.open[poll * words];
    sum += s.head[poll * s.stride + STATES + (a >> (SLOT_AT + 4) & (SLOT >> 4))];
    sum += s.votes[2 * ((a & MEMBER) * s.row + (open == 0 ? 0 : __builtin_ctz(open)))];
  }
  s.seen += sum;
}

/*
 * The last queries that are not simple, `left` of them: finds out their kinds and keys. Returns how many the caller has to look at;
 * `holds`: marks of the first before which it has to do something.
 */
static __attribute__((noinline)) i32 look_closer(i32 left, i32 until, i32 careful, i32 far, i32 holds) {
  i32 *pool = s.queries.pool;
  i32 missing = 0;
  s.held_from = until;
  for (i32 j = 0; j < left; j++) {
    if (j % READ_AHEAD == 0) read_ahead(j, least(j + READ_AHEAD, left));
    const i32 e = s.left[j];
    const u32 a = pool[e], b = pool[e + 1];
    const i32 peer = a & MEMBER, poll = b & POLL, slot = a >> SLOT_AT & SLOT, attempt = a >> ATTEMPT_AT & 1;
    const i32 *head = s.head + poll * s.stride;
    const i32 state = (u32)head[STATES + (slot >> 4)] >> ((slot & 15) << 1) & 3;
    const i32 sequence = b >> SEQUENCE_AT;
    i32 kind = 0, marks = 0;
    if (s.abouts[poll].sequence != sequence)
      s.keys[(e - s.queries_from) >> 1] = s.past_keys[(poll << PAST_BITS) + (sequence & ((1 << PAST_BITS) - 1))];
    if (head[SEQUENCE] == sequence && state == attempt << 1)
      kind = kind_of(poll, slot, peer, head[SCOPE_WORDS], s.asked[peer] < 0);
    if (kind < 0) {
      marks = UNKNOWN;
    } else {
      marks = kind >> 3;
      pool[e] = a | (u32)kind << KIND_AT;
    }
    if (careful && s.waits[(e - s.queries_from) >> 1] > far) marks |= FAR;
    if (marks != 0) s.unknown[missing++] = e << 3 | marks;
    if ((marks & holds) != 0 && s.held_from == until) s.held_from = e;
  }
  return missing;
}

/*
 * A query is simple where all say yes to what its poll began with: then who is honest says so, and an attacker what it always says,
 * whatever has become of the poll since: an answer that is not waited for is not read. That takes two words of the poll instead of
 * its record, and no branch.
 */
static ALWAYS i32 take_queries(i32 from, i32 until, const i32 careful, const i32 rough) {
  i32 *pool = s.queries.pool, *asked = s.asked, *left = s.left;
  u32 *keys = s.keys;
  const i32 *open = s.open;
  const struct about *abouts = s.abouts;
  const u8 *active = s.active;
  const i32 far = rough ? MOST_TICKS : s.slot_mask - s.most_delay;
  const u32 said = (u32)s.attack << KIND_AT;
  /* What attackers say differs, or where exceptions may be takes more than a word: every one is looked at. */
  const i32 unsaid = s.attack == 0 ? ATTACKER : 0, wide = s.open_words != 1;
  i32 delivered = 0, lefts = 0;
  s.queries_from = from;
  i32 *query = pool + from, *waits = s.waits;
  for (i32 e = from; e < until; e += 2, query += 2, keys++, waits += careful) {
    const u32 a = query[0], b = query[1];
    const i32 peer = a & MEMBER, poll = b & POLL;
    i32 wait = 0;
    if (!active[peer]) {
      query[1] = NOBODY;
      continue;
    }
    if (careful) {
      if (s.partitioned && s.group[peer] != s.group[node_of(poll)]) {
        s.cut++;
        query[1] = NOBODY;
        continue;
      }
      if (s.has_weight) wait = serve(peer);
      *waits = wait;
    }
    delivered++;
    if (careful && wait < 0) {
      query[1] = NOBODY;
      continue;
    }
    const i32 before = asked[peer];
    asked[peer] = before + 1;
    const struct about about = abouts[poll];
    *keys = about.key;
    const i32 looks = (about.sequence ^ (i32)(b >> SEQUENCE_AT)) | open[poll] | (before & unsaid) | wide |
                      (careful && wait > far);
    const u32 kind = before < 0 ? said : (u32)YES_TO_ALL << KIND_AT;
    left[lefts] = e;
    lefts += looks != 0;
    query[0] = a | (looks != 0 ? 0 : kind);
  }
  s.gaps = delivered < (until - from) >> 1;
  /* Who asks for vertices on a rough network takes the link before its answer does, and after the answers before. */
  const i32 missing = look_closer(lefts, until, careful, far, rough ? UNKNOWN | ASKS : UNKNOWN | FAR);
  s.delivered += delivered;
  if (rough) {
    reply_roughly(from, s.held_from);
    return missing;
  }
  /* A width that the compiler knows: with one that is read at every message most of the gain of wide chunks is gone. */
  if (s.chunk == NARROW) reply_to(from, s.held_from, careful, NARROW);
  else if (s.chunk == WIDE) reply_to(from, s.held_from, careful, WIDE);
  else reply_to(from, s.held_from, careful, s.chunk);
  return missing;
}

/* Queries arrive. Sends their answers; returns how many are left to the caller, `unknown`: `reply` follows from the first of them on. */
i32 queries(i32 from, i32 until) { return take_queries(from, until, 0, 0); }
i32 queries_carefully(i32 from, i32 until) { return take_queries(from, until, 1, 0); }
i32 queries_roughly(i32 from, i32 until) { return take_queries(from, until, 1, 1); }

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
  push(queue, (s.now + (i32)ticks) & s.slot_mask, a | DEFERRED, b, s.chunk);
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
