/*
 * Stretches of ticks in which polls turn and nothing else happens.
 * Owns: taking the instants of a tick out of their queue, their order, going on to the next tick: the same as instants.ts and wheel.ts do for one
 * tick. Does not own: turns (poll-turns.h), where a stretch ends because something else is due (simulation.ts).
 */
#pragma once

/* Most instants of a tick that are sorted one by one. */
enum { MOST_TAKEN = 48 };
/* event.ts, relay.ts: other events than queries and answers; requests of no vertex by name are up to that number. */
enum { EVENT_AT = 28, REQUEST = 2, TIMEOUT = 4, OVERDUE = 1 };

/* See instants.ts: by what the answer travels, by sending, by slot. */
static inline i32 is_later(u32 a, i32 b, u32 than_a, i32 than_b) {
  const i32 by_asked = (i32)(a >> TRAVEL_AT) - (i32)(than_a >> TRAVEL_AT);
  if (by_asked != 0) return by_asked > 0;
  const i32 by_sending = (i32)((u32)t.record[(b & POLL) * RECORD + SENDING] - (u32)t.record[(than_b & POLL) * RECORD + SENDING]);
  return by_sending != 0 ? by_sending > 0 : a > than_a;
}

/* How many events stand in a slot of a queue, which is not empty. */
static inline i32 count_in(const struct queue *queue, i32 slot) {
  i32 chunk = queue->first[slot], events = 0;
  for (; queue->next[chunk] != 0; chunk = queue->next[chunk]) events += CHUNK / 2;
  return events + (queue->write[slot] - chunk * CHUNK) / 2;
}

static inline void clear(struct queue *queue, i32 slot) {
  for (i32 chunk = queue->first[slot]; chunk != 0;) {
    const i32 next = queue->next[chunk];
    queue->next[chunk] = queue->ends[FREE_CHUNK];
    queue->ends[FREE_CHUNK] = chunk;
    queue->ends[GIVEN_BACK]++;
    chunk = next;
  }
  queue->write[slot] = queue->first[slot] = 0;
}

/* The instants of a slot become those that are due, in their order. */
static inline void take(i32 slot, i32 count) {
  struct queue *queue = &t.instants;
  i32 found = 0;
  for (i32 chunk = queue->first[slot]; found < count; chunk = queue->next[chunk]) {
    const i32 *events = &queue->pool[chunk * CHUNK];
    const i32 until = count - found < CHUNK / 2 ? count : found + CHUNK / 2;
    for (; found < until; found++, events += 2) {
      i32 to = found;
      for (; to > 0 && is_later((u32)t.due_a[to - 1], t.due_b[to - 1], (u32)events[0], events[1]); to--) {
        t.due_a[to] = t.due_a[to - 1];
        t.due_b[to] = t.due_b[to - 1];
      }
      t.due_a[to] = events[0];
      t.due_b[to] = events[1];
    }
  }
  clear(queue, slot);
}

/* Longer lists take longer to sort one by one than they do elsewhere; for what follows from these there is room. */
static inline i32 can_take(i32 count) {
  const i32 used = t.instants.ends[CHUNKS_USED] - t.instants.ends[GIVEN_BACK];
  return count <= MOST_TAKEN && used + count <= t.chunks && t.flights - t.first_flight + count <= t.flight_mask + 1;
}

/* The peer knows a vertex that the node does not. */
static inline i32 knows_more(i32 peer, i32 node) {
  const i32 *theirs = &t.votes[2 * peer * t.row + 1], *known = &t.votes[2 * node * t.row + 1];
  i32 more = 0;
  for (i32 w = 0; w < t.high_word; w++) more |= theirs[2 * w] & ~known[2 * w];
  return more;
}

/* A timeout of a poll that is over, a request for all that is missing where nothing is: more follows from other events. */
static inline i32 is_idle(u32 a, u32 b) {
  if (a >> EVENT_AT == TIMEOUT) return t.head[(b & POLL) * t.stride] != (i32)(b >> SEQUENCE_AT);
  if (a >> EVENT_AT != REQUEST || b >> t.sender_bits > OVERDUE) return 0;
  t.requests++;
  return !knows_more(a & MEMBER, b & ((1 << t.sender_bits) - 1));
}

/* The timers and requests of a slot, if they are all idle; else nothing has happened. */
static inline i32 idle(i32 slot) {
  struct queue *queue = &t.events;
  const i32 before = t.requests;
  i32 left = count_in(queue, slot);
  for (i32 chunk = queue->first[slot]; left > 0; chunk = queue->next[chunk]) {
    const i32 *events = &queue->pool[chunk * CHUNK];
    for (i32 e = 0; e < CHUNK && left > 0; e += 2, left--)
      if (!is_idle((u32)events[e], (u32)events[e + 1])) {
        t.requests = before;
        return 0;
      }
  }
  clear(queue, slot);
  return 1;
}

/*
 * Goes through up to so many ticks, from this one on, while polls turn in them and nothing else comes of what happens; returns how many are
 * over. Of the instants of the tick it stands in, `due` are there, the first `done` of which have happened.
 */
i32 pass(i32 ticks) {
  const f64 first = us.tick_now;
  const i32 slot_first = t.slot_now;
  t.turns = t.convictions = t.due = t.done = t.requests = 0;
  t.timer_of = -1;
  for (t.passed = 0; t.passed < ticks; t.passed++) {
    const i32 slot = (slot_first + t.passed) & t.slot_mask;
    if (t.events.write[slot] != 0 && !idle(slot)) break;
    if (t.instants.write[slot] == 0) continue;
    const i32 count = count_in(&t.instants, slot);
    if (!can_take(count)) break;
    us.settled_until = us.tick_now = first + t.passed;
    us.now = us.tick_now * us.tick;
    t.slot_now = slot;
    take(slot, count);
    t.due = count;
    t.done = turn_due(0, count);
    if (t.done < count || t.timer_of >= 0 || t.convictions > MOST_CONVICTIONS) break;
    t.due = t.done = 0;
  }
  return t.passed;
}
