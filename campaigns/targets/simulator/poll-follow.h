/*
 * Polls of which not all is certain: what peers say that is known when the poll begins, the first answer that may end it, queries that arrive.
 * Owns: the same as PollExchange does slot by slot, possible-end.ts and its queries one by one. Does not own: what is not plain: answers
 * that an attack makes up, exceptions that are stored, vertices to be asked for are left to the caller.
 */
#pragma once

/* followed-answers.ts; possible-end.ts */
enum { UNKNOWN_KIND = 255, REFUSAL = 1 << 16 };
enum { POSSIBLE_VOTES, IS_CERTAIN };
/* standing.ts */
enum { PENDING = 5, REQUESTED = 6 };

/* Vertices of the scope, all words in one, to which the peer does not say yes. */
static inline i32 missing_of(i32 peer, const i32 *scope, i32 words) {
  const i32 *votes = &t.votes[2 * peer * t.row];
  i32 missing = 0;
  for (i32 w = 0; w < words; w++) missing |= scope[w] & ~votes[2 * w];
  return missing;
}

/*
 * Draws of the first `count` slots of a poll; words of the answers go to `order`. What is certain of them is noted in `kinds` (nothing when
 * `can_be_certain` is 0), the rest in `waiting`; returns how many answers there are, and in `result` how many wait.
 */
i32 follow_near(i32 poll, i32 count, i32 loss_limit, i32 can_be_certain) {
  const i32 *h = &t.head[poll * t.stride], *peers = &t.peers[poll * t.k];
  const i32 found = follow(peers, h[KEY], count, loss_limit), words = h[SCOPE_WORDS];
  i32 *order = &t.order[poll * t.k];
  u8 *kinds = &t.kinds[poll * t.k];
  const i32 *scope = &t.scope[poll * t.scope_words];
  for (i32 i = 0; i < found; i++) order[i] = own.refusals[i];
  i32 waiting = 0;
  for (i32 slot = 0; slot < t.k; slot++) kinds[slot] = UNKNOWN_KIND;
  for (i32 slot = 0; slot < count; slot++) {
    const i32 ask = own.ask[slot] & HIDDEN, is_lost = ask == HIDDEN;
    const i32 kind = own.attacks[slot] != 0 ? t.attack_kind : YES_TO_ALL;
    const i32 is_certain = can_be_certain && kind != 0 && missing_of(peers[slot], scope, words) == 0;
    kinds[slot] = is_certain && !is_lost ? kind : UNKNOWN_KIND;
    t.waiting[waiting] = ask << ASK_AT | slot;
    waiting += !is_certain && !is_lost;
  }
  own.result[END] = waiting;
  return found;
}

static inline i32 counts_of(i32 kind) {
  return kind == YES_TO_ALL ? 1 : kind < SOME_UNKNOWN ? REFUSAL : 1 + REFUSAL;
}

/* See possible-end.ts: votes and refusals that decide, and those that do for the preference. */
i32 possible_end(i32 poll, i32 count, i32 least, i32 without, i32 votes, i32 refusals, i32 least_votes, i32 least_refusals) {
  const i32 *order = &t.order[poll * t.k];
  const u8 *kinds = &t.kinds[poll * t.k];
  u32 sum = (u32)without * REFUSAL;
  for (i32 at = 0; at < count; at++) {
    sum += (u32)counts_of(kinds[order[at] & SLOT]);
    const i32 yes = sum & (REFUSAL - 1), no = sum >> 16, filled = at + 1 + without;
    const i32 is_decided = (yes >= votes) | (no >= refusals), is_preferred = (yes >= least_votes) | (no >= least_refusals);
    if (!((is_decided & is_preferred) | (filled == t.k)) || at < least) continue;
    own.result[POSSIBLE_VOTES] = yes;
    own.result[IS_CERTAIN] = yes + no == filled;
    return at;
  }
  return count;
}

/* Queries arrive; returns where the first stands that the caller has to look at. */
i32 arrivals(i32 from, i32 until) {
  for (i32 e = from; e < until; e += 2) {
    const u32 a = (u32)t.pool[e], b = (u32)t.pool[e + 1];
    if (a >> ATTEMPT_AT & 1) return e;
    const i32 peer = a & MEMBER, slot = a >> QUERY_SLOT_AT & SLOT, poll = b & POLL;
    const i32 *h = &t.head[poll * t.stride];
    if (h[SEQUENCE] != (i32)(b >> SEQUENCE_AT) || (h[STATES + (slot >> 4)] >> ((slot & 15) << 1) & 3) != 0) continue;
    const i32 words = h[SCOPE_WORDS], *scope = &t.scope[poll * t.scope_words];
    const i32 missing = missing_of(peer, scope, words), attacks = own.asked[peer] < 0;
    i32 kind = attacks ? t.attack_kind : YES_TO_ALL;
    /* Of an empty scope an attack makes something else. */
    if (kind == 0 || (attacks && (words == 0 || scope[words - 1] == 0))) return e;
    if (missing != 0) {
      if (words != 1) return e;
      const i32 known = t.votes[2 * peer * t.row + 1];
      const i32 *marks = &t.marks[peer * t.row * MARK_WORDS];
      const i32 asks = missing & ~known & ~marks[PENDING];
      if (asks != 0 && ((asks & ~marks[REQUESTED]) != 0 || us.now >= t.repeat_at[peer])) return e;
      if (!attacks && (missing != scope[0] || (known & scope[0]) != 0)) return e;
      if (!attacks) kind = ALL_UNKNOWN;
      t.bytes_sent[peer] += __builtin_popcount((u32)missing) * us.exception_bytes;
    }
    t.kinds[poll * t.k + slot] = (u8)kind;
  }
  return until;
}
