/*
 * The path of every query and answer in WebAssembly: the loops of exchange.ts for what is the same for almost every message.
 * Owns: these loops and pushing into the two queues. Does not own: the memory (message-kernel.ts), any other case: where a
 * message needs more than is known here, nothing of it is done and the caller does it.
 * The same results as exchange.ts, wheel.ts and poll-book.ts, bit for bit, which say what is computed here and why.
 * Rebuilt and compared by test/campaigns/targets/simulator/message-kernel.test.ts.
 */
typedef int i32;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned short u16;
typedef unsigned char u8;

/* event.ts */
enum { MEMBER = (1 << 17) - 1, POLL = (1 << 20) - 1, SLOT = 1023, SLOT_AT = 17, ATTEMPT_AT = 27, SEQUENCE_AT = 20, KIND_AT = 29 };
/* poll-book.ts: fields of a poll's record, states of a slot */
enum { SEQUENCE, SCOPE_WORDS, FILLED, NEXT_CHECK, KEY, VOTERS, SAMPLE_SLOT, ODD, COUNTED, STATES };
enum { ANSWERED = 1, KIND_IN_ODD = 10, SOME_STORED = 1 << 12 };
/* exceptions.ts */
enum { YES_TO_ALL = 1, SOME_UNKNOWN = 4 };
/* exchange.ts, wheel.ts, network.ts, random.ts, traffic.ts */
enum { ATTACKER = (i32)0x80000000, PAST_BITS = 4, CHUNK = 256, DELAYS = 4096, NOBODY = -1 };
enum { WEYL_STEP = (i32)0x9e3779b1, QUERY_DRAWS = 0x2545f491, ANSWER_DRAWS = 0x6c8e9cf5 };

/* A queue's arrays; `ends`: the first free chunk, the chunks ever used. */
struct queue { i32 *pool, *next, *write, *first, *ends; };

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
} s;
extern u8 __heap_base;

void *control_at(void) { return &s; }
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

static inline void push(const struct queue *q, i32 slot, u32 a, u32 b) {
  i32 at = q->write[slot];
  if ((at & (CHUNK - 1)) == 0) at = extend(q, slot, at);
  *(u64 *)&q->pool[at] = a | (u64)b << 32;
  q->write[slot] = at + 2;
}

/* Sends the first `count` queries of a poll. */
void query_all(i32 poll, i32 count) {
  const struct queue queue = s.queries;
  const i32 *head = s.head + poll * s.stride, *peers = s.peers + poll * s.k;
  const u32 key = head[KEY], about = (u32)head[SEQUENCE] << SEQUENCE_AT | poll;
  const i32 now = s.now, mask = s.slot_mask, loss_limit = s.loss_limit;
  const u16 *delays = s.delays;
  u32 *draws = s.draws;
  for (i32 slot = 0; slot < count; slot++) draws[slot] = mix(key, QUERY_DRAWS, 2 * slot);
  for (i32 slot = 0; slot < count; slot++) {
    const u32 draw = draws[slot];
    if ((i32)(draw >> 12) < loss_limit) s.lost++;
    else push(&queue, (now + delays[draw & (DELAYS - 1)]) & mask, slot << SLOT_AT | peers[slot], about);
  }
}

/* No word of the poll's scope may have an exception at an honest node. */
static inline i32 is_common(i32 poll, i32 words) {
  const i32 *open = s.open + poll * s.open_words;
  i32 some = 0;
  for (i32 from = 0; from < words; from += 32) some |= open[from >> 5];
  return some == 0;
}

/* An honest peer says yes to the whole scope of the poll. */
static inline i32 says_yes(i32 poll, i32 peer, i32 words) {
  const i32 *open = s.open + poll * s.open_words, *scope = s.scope + poll * s.scope_words;
  const i32 *votes = s.votes + 2 * peer * s.row;
  for (i32 from = 0; from < words; from += 32) {
    u32 rest = open[from >> 5];
    if (words - from < 32) rest &= (1u << (words - from)) - 1;
    for (; rest != 0; rest &= rest - 1) {
      const i32 w = from + __builtin_ctz(rest);
      if ((scope[w] & ~votes[2 * w]) != 0) return 0;
    }
  }
  return 1;
}

/* What the peer says to a query that is wanted, -1 when the caller has to find out. */
static inline i32 kind_of(i32 poll, i32 peer, i32 words, i32 attacks) {
  if (!attacks) return is_common(poll, words) || says_yes(poll, peer, words) ? YES_TO_ALL : -1;
  const i32 has_scope = words > 0 && s.scope[poll * s.scope_words + words - 1] != 0;
  return s.attack != 0 && has_scope && is_common(poll, words) ? s.attack : -1;
}

/* Sends the answer to a query; returns whether it is lost. */
static inline i32 send(const struct queue *queue, const i32 *head, i32 is_current, u32 a, u32 b) {
  const i32 poll = b & POLL, sequence = b >> SEQUENCE_AT;
  const u32 key = is_current ? head[KEY] : s.past_keys[(poll << PAST_BITS) + (sequence & ((1 << PAST_BITS) - 1))];
  const u32 draw = mix(key, ANSWER_DRAWS, 2 * (a >> SLOT_AT & SLOT) + (a >> ATTEMPT_AT & 1));
  if ((i32)(draw >> 12) < s.loss_limit) return 1;
  push(queue, (s.now + s.delays[draw & (DELAYS - 1)]) & s.slot_mask, a, b);
  return 0;
}

/* Sends the answers to queries whose kinds are known. */
void reply(i32 from, i32 until) {
  const struct queue queue = s.answers;
  const i32 *pool = s.queries.pool;
  i32 lost = 0;
  for (i32 e = from; e < until; e += 2) {
    const u32 a = pool[e], b = pool[e + 1];
    const i32 *head = s.head + (b & POLL) * s.stride;
    if ((i32)b != NOBODY) lost += send(&queue, head, head[SEQUENCE] == (i32)(b >> SEQUENCE_AT), a, b);
  }
  s.lost += lost;
}

/* Queries arrive. Sends their answers; returns how many kinds are `unknown`: `reply` follows from the first of them on. */
i32 queries(i32 from, i32 until) {
  const struct queue queue = s.answers;
  i32 *pool = s.queries.pool, *asked = s.asked;
  const i32 *heads = s.head;
  const u8 *active = s.active;
  const i32 stride = s.stride;
  i32 delivered = 0, missing = 0, lost = 0;
  for (i32 e = from; e < until; e += 2) {
    u32 a = pool[e];
    const u32 b = pool[e + 1];
    const i32 peer = a & MEMBER, poll = b & POLL;
    if (!active[peer]) {
      pool[e + 1] = NOBODY;
      continue;
    }
    delivered++;
    const i32 asks = asked[peer];
    asked[peer] = asks + 1;
    const i32 slot = a >> SLOT_AT & SLOT, attempt = a >> ATTEMPT_AT & 1;
    const i32 *head = heads + poll * stride;
    const i32 is_current = head[SEQUENCE] == (i32)(b >> SEQUENCE_AT);
    const i32 state = (u32)head[STATES + (slot >> 4)] >> ((slot & 15) << 1) & 3;
    if (is_current && state == attempt << 1) {
      const i32 kind = kind_of(poll, peer, head[SCOPE_WORDS], asks < 0);
      if (kind < 0) s.unknown[missing++] = e;
      else a |= (u32)kind << KIND_AT;
    }
    if (missing == 0) lost += send(&queue, head, is_current, a, b);
    else pool[e] = a;
  }
  s.delivered += delivered;
  s.lost += lost;
  return missing;
}

/* Whether that many yes votes are at least `least` or can no longer be. */
static inline i32 is_settled(i32 voters, i32 open, i32 least) { return voters >= least || voters + open < least; }

/*
 * With how many filled slots it pays to ask again whether a poll is over, 0: the caller has to find out. Known where no single
 * vertex is left without a vote, for then all of the scope have the same votes; a scope from which one was dropped is looked at first.
 */
static inline i32 next_check(const i32 *head, i32 filled, i32 voters) {
  const i32 open = s.k - filled;
  if (open <= 0 || head[SCOPE_WORDS] == 0 || head[NEXT_CHECK] == 0 || head[COUNTED] >= SOME_STORED) return 0;
  if (is_settled(voters, open, s.alpha) && is_settled(voters, open, s.preference)) return 0;
  const i32 success = s.alpha - voters, failure = voters + open - s.alpha + 1;
  const i32 sooner = success < failure ? success : failure;
  return filled + (sooner > 0 ? sooner : 1);
}

/* Answers arrive. Returns the first that the caller has to look at, or `until`. */
i32 answers(i32 from, i32 until) {
  const i32 *pool = s.answers.pool;
  const u8 *active = s.active;
  i32 *heads = s.head;
  u16 *odd = s.odd;
  const i32 stride = s.stride, k = s.k, concurrent = s.concurrent;
  i32 delivered = 0, ignored = 0, e = from;
  for (; e < until; e += 2) {
    const u32 a = pool[e], b = pool[e + 1];
    const i32 poll = b & POLL, sequence = b >> SEQUENCE_AT;
    const i32 slot = a >> SLOT_AT & SLOT, attempt = a >> ATTEMPT_AT & 1;
    i32 *head = heads + poll * stride;
    if (head[SEQUENCE] != sequence) {
      if (attempt == 0 && slot == sequence % k) break;
      if (!active[concurrent == 1 ? poll : poll / concurrent]) continue;
      delivered++;
      ignored++;
      continue;
    }
    if (attempt == 0 && slot == head[SAMPLE_SLOT]) break;
    const i32 states = head[STATES + (slot >> 4)], shift = (slot & 15) << 1;
    if (((u32)states >> shift & 3) != (u32)attempt << 1) {
      delivered++;
      ignored++;
      continue;
    }
    const i32 filled = head[FILLED] + 1, kind = a >> KIND_AT;
    if (filled >= head[NEXT_CHECK]) {
      if (kind >= SOME_UNKNOWN) break;
      const i32 next = next_check(head, filled, head[VOTERS] + (kind == YES_TO_ALL));
      if (next == 0) break;
      head[NEXT_CHECK] = next;
      head[COUNTED] = head[ODD] + (kind != YES_TO_ALL);
    }
    delivered++;
    head[STATES + (slot >> 4)] = states ^ (i32)((u32)(attempt << 1 ^ ANSWERED) << shift);
    head[FILLED] = filled;
    if (kind == YES_TO_ALL) {
      head[VOTERS]++;
    } else {
      odd[poll * k + head[ODD]++] = (u16)(kind << KIND_IN_ODD | slot);
      if (kind >= SOME_UNKNOWN) head[COUNTED] |= SOME_STORED;
    }
  }
  s.delivered += delivered;
  s.ignored += ignored;
  return e;
}
