/*
 * Polls of which all is certain, one after the other: what the end of one changes, and the beginning of the next of its node.
 * Owns: the same as Core.conclude, Core.wake and PollExchange.queryAll do in the plainest case. Does not own: which case that is in the
 * run as a whole (poll-turns.ts). Where a poll needs more than is known here, nothing of it is done and the caller does it.
 */
#pragma once

/* event.ts, instants.ts */
enum { KIND_AT = 3, END_KIND = 0, LOOK_KIND = 1, TRAVEL_AT = 15, LONGEST_TRAVEL = 1023, SLOT_AT = 5 };
/* poll-book.ts */
enum { ANSWERED = 1, WRAP = 0x7ff, CLOSED = WRAP + 1, KIND_IN_ODD = 10 };
/* exceptions.ts, standing.ts, suspicion.ts, evidence.ts, core.ts */
enum { UNDECIDED = 0, CONTESTED = 2, CONVICTED = 3, SETTLED_AGE = 4, HIGHEST_COUNT = 0xffff };
/* poll-records.ts: times and words of a record, words of a sample */
enum { START, START_BEFORE, SENDING = 4, LOOK, FLIGHT, FORESEEN, LATE, FED, ANSWERS_IN_ALL = LATE, SAMPLE = 10, SAMPLE_BEFORE = 13, RECORD = 16 };
enum { WORD, SENT, OF_SEQUENCE };
/* random.ts; wheel.ts */
enum { POLL_PURPOSE = 1 };
enum { CHUNK = 256, FREE_CHUNK = 0, CHUNKS_USED, GIVEN_BACK };
/* In FED of a poll: its peers are not in the poll book. */
enum { ASIDE = -1 };
/* Instants that are read ahead. */
enum { LINE = 64, AHEAD = 4 };

static inline i32 mix(i32 key_a, i32 key_b, i32 counter) {
  u32 h = (u32)key_a ^ (u32)counter * (u32)WEYL_STEP;
  h = (h ^ h >> 16) * (u32)FIRST;
  h = (h ^ h >> 13) + (u32)key_b;
  h = (h ^ h >> 15) * (u32)SECOND;
  return (i32)(h ^ h >> 16);
}

static inline f64 *times_of(i32 poll) { return (f64 *)&t.record[poll * RECORD]; }

static inline i32 is_due(const i32 *sample, f64 start, f64 tick, f64 asked_tick, i32 sending, i32 slot) {
  const i32 word = sample[WORD];
  if (word == NO_ARRIVAL) return 0;
  const f64 arrival = start + (word >> ARRIVE_AT);
  if (arrival != tick) return arrival < tick;
  const f64 asked = start + (word >> ASK_AT & SLOT);
  if (asked != asked_tick) return asked < asked_tick;
  const i32 later = (i32)((u32)sample[SENT] - (u32)sending);
  return later == 0 ? (word & SLOT) <= slot : later < 0;
}

static void observe(i32 poll, i32 *sample, f64 start) {
  const i32 *h = &t.head[poll * t.stride];
  const i32 word = sample[WORD], slot = word & SLOT;
  sample[WORD] = NO_ARRIVAL;
  if (h[SEQUENCE] == sample[OF_SEQUENCE] && (h[STATES + (slot >> 4)] >> ((slot & 15) << 1) & 3) == ANSWERED) return;
  if (((h[SEQUENCE] - sample[OF_SEQUENCE]) & WRAP) > 1) return;
  const f64 round_trip = (start + (word >> ARRIVE_AT)) * us.tick - start * us.tick;
  t.back_off[poll] = 1;
  const f64 smoothed = t.smoothed[poll];
  if (smoothed < 0) {
    t.smoothed[poll] = round_trip;
    t.deviation[poll] = round_trip / 2;
    return;
  }
  const f64 error = round_trip - smoothed, distance = error < 0 ? -error : error;
  t.deviation[poll] += (distance - t.deviation[poll]) / 4;
  t.smoothed[poll] = smoothed + error / 8;
}

/* Samples that arrive before the answer of that place, or are it. */
static inline void settle(i32 poll, f64 tick, f64 asked_tick, i32 sending, i32 slot) {
  i32 *young = &t.record[poll * RECORD + SAMPLE], *old = &t.record[poll * RECORD + SAMPLE_BEFORE];
  const f64 start = times_of(poll)[START], before = times_of(poll)[START_BEFORE];
  const i32 is_young = is_due(young, start, tick, asked_tick, sending, slot);
  if (!is_due(old, before, tick, asked_tick, sending, slot)) {
    if (is_young) observe(poll, young, start);
    return;
  }
  const i32 word = old[WORD];
  const i32 is_first = is_young && is_due(young, start, before + (word >> ARRIVE_AT), before + (word >> ASK_AT & SLOT), old[SENT], word & SLOT);
  if (is_first) observe(poll, young, start);
  observe(poll, old, before);
  if (is_young && !is_first) observe(poll, young, start);
}

/* Nothing is decided by this end of a poll, nor does a vertex reach a limit: 0; else 1. `aged`: 1 if a vertex is old enough for a groundless no. */
static inline i32 is_eventful(i32 poll, const i32 *h, i32 chit, i32 *aged) {
  for (i32 w = 0; w < h[SCOPE_WORDS]; w++)
    for (u32 rest = (u32)t.scope[poll * t.scope_words + w]; rest != 0; rest &= rest - 1) {
      const i32 cell = (poll * t.row + w) * 32 + __builtin_ctz(rest);
      const i32 rounds = t.rounds[cell], counter = t.counter[cell];
      if ((chit && counter + 1 >= t.beta) || rounds + 1 == t.max_rounds) return 1;
      if (rounds == HIGHEST_COUNT || counter == HIGHEST_COUNT || t.score[cell] == HIGHEST_COUNT) return 1;
      *aged |= rounds >= SETTLED_AGE;
    }
  return 0;
}

/* The next poll has a scope to which all say yes: 0; else 1. */
static inline i32 is_uncertain(i32 poll) {
  const i32 *marks = &t.marks[poll * t.row * MARK_WORDS];
  i32 any = 0, more = 0;
  for (i32 w = 0; w < t.high_word; w++, marks += MARK_WORDS) {
    any |= marks[UNDECIDED];
    more |= (marks[UNDECIDED] & ~t.common[w]) | marks[CONTESTED];
  }
  return any == 0 || more != 0;
}

static inline i32 *strikes_of(i32 poll, i32 suspect) { return &t.strikes[poll * t.strike_words + (suspect >> 4)]; }

static inline i32 peer_at(i32 poll, i32 i) {
  if (t.record[poll * RECORD + FED] == ASIDE) return t.odd_peers[poll * t.k + i];
  return t.peers[poll * t.k + (t.odd[poll * t.k + i] & SLOT)];
}

static inline i32 is_no(i32 poll, i32 i) { return t.odd[poll * t.k + i] >> KIND_IN_ODD == NO_TO_ALL; }

/* A refusal is the first of its peer anywhere. */
static inline i32 is_news(i32 poll, i32 odd) {
  i32 news = 0;
  for (i32 i = 0; i < odd; i++) news |= (t.suspect[peer_at(poll, i)] == 0) & is_no(poll, i);
  return news;
}

/* Whom this convicts is noted behind the others without a branch on it. */
static inline void strike(i32 poll, i32 odd) {
  i32 convictions = t.convictions;
  for (i32 i = 0; i < odd; i++) {
    if (!is_no(poll, i)) continue;
    const i32 peer = peer_at(poll, i);
    const i32 suspect = t.suspect[peer] - 1, shift = (suspect & 15) << 1;
    i32 *row = strikes_of(poll, suspect);
    const i32 before = *row >> shift & CONVICTED;
    t.struck[peer] += 1;
    *row += (before != CONVICTED) << shift;
    i32 *to = &t.convicted[CONVICTION * convictions];
    to[0] = poll;
    to[1] = peer;
    to[2] = t.passed;
    convictions += before == CONVICTED - 1;
  }
  t.convictions = convictions;
}

static inline void conclude(i32 poll, const i32 *h, i32 chit, i32 preferred) {
  const f64 more = chit ? us.weight : 0;
  i32 vertices = 0;
  for (i32 w = 0; w < h[SCOPE_WORDS]; w++)
    for (u32 rest = (u32)t.scope[poll * t.scope_words + w]; rest != 0; rest &= rest - 1, vertices++) {
      const i32 cell = (poll * t.row + w) * 32 + __builtin_ctz(rest);
      t.rounds[cell] += 1;
      t.score[cell] += preferred;
      t.counter[cell] = chit ? t.counter[cell] + 1 : 0;
      t.confidence[cell] = (float)((f64)t.confidence[cell] * (1 - us.weight) + more);
    }
  t.vertices += vertices;
  t.chits += chit ? vertices : 0;
}

/* Returns the key of the poll. */
static inline i32 open(i32 poll, i32 *h) {
  const i32 key = mix(mix(t.seed, POLL_PURPOSE, poll), POLL_PURPOSE * FIRST, t.poll_number[poll]++);
  t.next_start[poll] = us.now + us.interval;
  const i32 *marks = &t.marks[poll * t.row * MARK_WORDS];
  i32 vertices = 0, last = 0;
  for (i32 w = 0; w < t.high_word; w++, marks += MARK_WORDS) {
    const i32 bits = marks[UNDECIDED];
    t.scope[poll * t.scope_words + w] = bits;
    if (bits != 0) last = w + 1;
    vertices += __builtin_popcount((u32)bits);
  }
  t.previous_start[poll] = t.start[poll];
  t.start[poll] = us.now;
  const i32 sequence = (h[SEQUENCE] + 1) & WRAP;
  h[SEQUENCE] = sequence;
  h[SCOPE_WORDS] = last;
  h[NEXT_CHECK] = t.first_check;
  h[KEY] = key;
  h[SAMPLE_SLOT] = sequence % t.k;
  h[FILLED] = h[VOTES] = h[ODD] = h[COUNTED] = 0;
  for (i32 i = STATES; i < t.stride; i++) h[i] = 0;
  t.replaced[poll] = 0;
  t.open[poll * t.open_words] = 0;
  t.bytes_sent[poll] += (us.query_bytes + vertices * us.vertex_bytes) * t.k;
  return key;
}

/* Word of the answer at a slot. */
static inline i32 answer_at(i32 key, i32 slot) {
  const u32 query = (u32)mix(key, QUERY_DRAWS, 2 * slot), answer = (u32)mix(key, ANSWER_DRAWS, 2 * slot);
  if (query >> 12 < (u32)t.loss_limit || answer >> 12 < (u32)t.loss_limit) return NO_ARRIVAL;
  const i32 ask = own.delays[query & (DELAYS - 1)];
  return (ask + own.delays[answer & (DELAYS - 1)]) << ARRIVE_AT | ask << ASK_AT | slot;
}

/* Draws all of the poll that has just been opened and notes its end. */
static inline void foresee(i32 poll, i32 *h, i32 key) {
  i32 *r = &t.record[poll * RECORD];
  f64 *times = times_of(poll);
  for (i32 i = 0; i < 3; i++) r[SAMPLE_BEFORE + i] = r[SAMPLE + i];
  times[START_BEFORE] = times[START];
  times[START] = us.tick_now;
  r[SAMPLE + WORD] = answer_at(key, h[SAMPLE_SLOT]);
  r[SAMPLE + SENT] = r[SENDING] = t.sendings++;
  r[SAMPLE + OF_SEQUENCE] = h[SEQUENCE];
  /* Whom it asks is a function of its key: only those that refuse are kept. */
  sample(poll, t.k, key, poll, t.others, own.peers);
  look(own.peers, key, t.k, t.loss_limit, t.refuse, t.alpha, t.preference, t.early_end);
  const i32 *found = own.result;
  const i32 end = found[END], odd = found[REFUSALS];
  t.lost += found[LOST_QUERIES] + found[LOST_ANSWERS];
  t.delivered += t.k - found[LOST_QUERIES] + found[ANSWERS];
  r[FORESEEN] = 1;
  r[FLIGHT] = t.flights;
  r[LOOK] = -1;
  r[LATE] = 0;
  r[FED] = ASIDE;
  if (end == NO_ARRIVAL) return;
  h[FILLED] = found[VOTERS] + odd;
  h[VOTES] = found[VOTERS];
  h[ODD] = odd;
  for (i32 i = 0; i < odd; i++) {
    const i32 slot = own.refusals[i] & SLOT;
    t.odd[poll * t.k + i] = (u16)(NO_TO_ALL << KIND_IN_ODD | slot);
    t.odd_peers[poll * t.k + i] = own.peers[slot];
  }
  r[LATE] = found[ANSWERS] - found[VOTERS] - odd;
  t.ignored += r[LATE];
  r[LOOK] = end >> ARRIVE_AT;
}

/* See wheel.ts. There are chunks enough. */
static inline i32 extend(struct queue *queue, i32 slot, i32 at) {
  i32 chunk = queue->ends[FREE_CHUNK];
  if (chunk != 0) {
    queue->ends[FREE_CHUNK] = queue->next[chunk];
    queue->ends[GIVEN_BACK]--;
    queue->next[chunk] = 0;
  } else chunk = queue->ends[CHUNKS_USED]++;
  if (at == 0) queue->first[slot] = chunk;
  else queue->next[at / CHUNK - 1] = chunk;
  return chunk * CHUNK;
}

/* The answer of that word, `delay` ticks from now, is an instant of the poll. */
static inline void expect(i32 poll, i32 word, i32 delay, i32 kind) {
  struct queue *queue = &t.instants;
  const i32 slot = (t.slot_now + delay) & t.slot_mask;
  i32 at = queue->write[slot];
  if ((at & (CHUNK - 1)) == 0) at = extend(queue, slot, at);
  const i32 travel = (word >> ARRIVE_AT) - (word >> ASK_AT & SLOT);
  queue->pool[at] = (LONGEST_TRAVEL - travel) << TRAVEL_AT | (word & SLOT) << SLOT_AT | kind << KIND_AT;
  queue->pool[at + 1] = (t.head[poll * t.stride] & WRAP) << SEQUENCE_AT | poll;
  queue->write[slot] = at + 2;
}

/* See in-flight.ts. There is room. */
static inline void fly(i32 poll, i32 key, i32 end) {
  const i32 at = t.flights++ & t.flight_mask;
  t.flight_node[at] = poll;
  t.flight_key[at] = key;
  t.flight_count[at] = t.k;
  t.flight_start[at] = us.tick_now;
  t.flight_end[at] = end;
}

/*
 * A poll ends with so many votes, its other answers in `odd`, and the next begins. `ended`: the last answer where that was not known, else -1;
 * `late`: those that come after it. Returns 0, and has done nothing, where more is to be known.
 */
static inline i32 turn(i32 poll, u32 a, i32 votes, i32 odd, i32 ended, i32 late) {
  i32 *h = &t.head[poll * t.stride], *r = &t.record[poll * RECORD];
  const i32 chit = votes >= t.alpha;
  i32 aged = 0;
  if (t.next_start[poll] > us.now || is_uncertain(poll) || is_eventful(poll, h, chit, &aged)) return 0;
  if (!aged) odd = 0;
  if (is_news(poll, odd)) return 0;
  const i32 flight = r[FLIGHT];
  settle(poll, us.tick_now, us.tick_now - LONGEST_TRAVEL + (i32)(a >> TRAVEL_AT), r[SENDING], a >> SLOT_AT & SLOT);
  strike(poll, odd);
  conclude(poll, h, chit, votes >= t.preference);
  h[SEQUENCE] |= CLOSED;
  settle(poll, us.settled_until, -1, 0, -1);
  const i32 key = open(poll, h);
  foresee(poll, h, key);
  const i32 end = own.result[END];
  t.ignored += late;
  t.turns++;
  fly(poll, key, end);
  if (ended >= 0 && flight - t.first_flight >= 0) t.flight_end[flight & t.flight_mask] = ended;
  if (end != NO_ARRIVAL) expect(poll, end, end >> ARRIVE_AT, END_KIND);
  return 1;
}

/* Notes the answers that are not yes to all among the first `until`; returns how many. */
static inline i32 list_odd(i32 poll, i32 until) {
  const i32 *order = &t.order[poll * t.k];
  i32 odd = 0;
  for (i32 i = 0; i < until; i++) {
    const i32 slot = order[i] & SLOT, kind = t.kinds[poll * t.k + slot];
    t.odd[poll * t.k + odd] = (u16)(kind << KIND_IN_ODD | slot);
    odd += kind != YES_TO_ALL;
  }
  return odd;
}

/* The answer is there that may end a poll which is followed; by now it may be known that it does not. */
static inline i32 look_again(i32 poll, u32 a) {
  const i32 *h = &t.head[poll * t.stride];
  i32 *r = &t.record[poll * RECORD];
  if (r[FED] != 0 || h[FILLED] != 0) return 0;
  const i32 votes = t.early_end ? t.alpha : t.k, preferred = t.early_end ? t.preference : t.k;
  const i32 refusals = t.early_end ? t.k - votes + 1 : t.k, unpreferred = t.early_end ? t.k - preferred + 1 : t.k;
  const i32 count = r[ANSWERS_IN_ALL], at = possible_end(poll, count, 0, 0, votes, refusals, preferred, unpreferred);
  const i32 word = at < count ? t.order[poll * t.k + at] : NO_ARRIVAL;
  if (word != NO_ARRIVAL && (word & SLOT) == (i32)(a >> SLOT_AT & SLOT))
    return own.result[IS_CERTAIN] && turn(poll, a, own.result[POSSIBLE_VOTES], list_odd(poll, at + 1), word, count - at - 1);
  const i32 wait = word == NO_ARRIVAL ? -1 : word >> ARRIVE_AT;
  /* In this very tick it has its place among the instants that are there. */
  if (times_of(poll)[START] + wait == us.tick_now) return 0;
  settle(poll, us.tick_now, us.tick_now - LONGEST_TRAVEL + (i32)(a >> TRAVEL_AT), r[SENDING], a >> SLOT_AT & SLOT);
  r[LOOK] = wait;
  if (wait >= 0) expect(poll, word, (i32)(times_of(poll)[START] + wait - us.tick_now), LOOK_KIND);
  return 1;
}

/* Returns 0, and has done nothing, where more is to be known. */
static i32 happen(u32 a, u32 b) {
  const i32 poll = b & POLL, kind = a >> KIND_AT & 3;
  const i32 *h = &t.head[poll * t.stride], *r = &t.record[poll * RECORD];
  if (h[SEQUENCE] != (i32)(b >> SEQUENCE_AT) || times_of(poll)[START] + r[LOOK] != us.tick_now || h[COUNTED] != 0) return 0;
  if (kind == LOOK_KIND) return look_again(poll, a);
  return kind == END_KIND && r[FORESEEN] == 1 && turn(poll, a, h[VOTES], h[ODD], -1, 0);
}

/* Reads what the turn of a poll is going to read, all at once: thousands of nodes have a turn before this one has its next. */
static inline i32 glance(i32 poll) {
  const i32 *h = &t.head[poll * t.stride];
  const i32 cell = poll * t.row * 32;
  i32 sum = h[0] + t.record[poll * RECORD] + t.marks[poll * t.row * MARK_WORDS] + t.scope[poll * t.scope_words];
  sum += t.counter[cell] + t.rounds[cell] + t.score[cell] + (t.confidence[cell] != 0);
  sum += t.odd[poll * t.k] + t.odd_peers[poll * t.k] + t.poll_number[poll] + t.open[poll * t.open_words] + t.replaced[poll];
  for (i32 at = 0; at < t.strike_words; at += LINE / 4) sum += t.strikes[poll * t.strike_words + at];
  const f64 more = t.next_start[poll] + t.start[poll] + t.previous_start[poll] + t.bytes_sent[poll];
  return sum + (more + t.smoothed[poll] + t.deviation[poll] + t.back_off[poll] > 0);
}

/* The answers of a poll that is followed. */
static inline i32 glance_answers(i32 poll) {
  i32 sum = 0;
  for (i32 at = 0; at < t.k; at += LINE / 4) sum += t.order[poll * t.k + at];
  for (i32 at = 0; at < t.k; at += LINE) sum += t.kinds[poll * t.k + at];
  return sum;
}

/* Many at a time: the reads of one poll alone are too few to fill the time that memory takes for them. */
static void read_ahead(i32 from, i32 until) {
  i32 sum = 0;
  for (i32 i = from; i < until; i++) {
    const i32 poll = t.due_b[i] & POLL;
    sum += glance(poll);
    if ((t.due_a[i] >> KIND_AT & 3) == LOOK_KIND) sum += glance_answers(poll);
  }
  t.seen += sum;
}

/* The same for those of the tick that are due. */
static i32 turn_due(i32 from, i32 until) {
  if (from == 0) t.ahead = 0;
  for (i32 i = from; i < until; i++) {
    if (i >= t.ahead) {
      t.ahead = i + AHEAD < until ? i + AHEAD : until;
      read_ahead(i, t.ahead);
    }
    if (!happen((u32)t.due_a[i], (u32)t.due_b[i])) return i;
    const i32 poll = t.due_b[i] & POLL, *r = &t.record[poll * RECORD], wait = r[LOOK];
    if (r[FORESEEN] == 1 && (wait < 0 || wait >= t.least_timeout)) t.timer_of = poll;
    if (t.timer_of >= 0 || t.convictions > MOST_CONVICTIONS) return i + 1;
  }
  return until;
}

/* Instants of the tick, in their order; returns where the first stands that the caller has to do. Ends with a poll that may need a timer, or
 * when there is no room for the convictions of another one. */
i32 turns(i32 from, i32 until) {
  t.turns = t.convictions = t.passed = 0;
  t.timer_of = -1;
  return turn_due(from, until);
}
