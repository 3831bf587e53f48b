/*
 * BLAKE3 of short messages in WebAssembly: one compression at a time, its four rows in vector registers.
 * Owns: the compression function, chunks, their tree, the memory. Does not own: longer messages, the call (small-blake3.ts).
 * Rebuilt and compared by test/node/host/hash/small-blake3.test.ts. Source: the BLAKE3 specification, sections 2.1 to 2.4.
 */
#include <wasm_simd128.h>

typedef unsigned int u32;
typedef unsigned char u8;

enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };
enum { BLOCK_BYTES = 64, CHUNK_BYTES = 1024, MOST_CHUNKS = 3 };

static u8 input[MOST_CHUNKS * CHUNK_BYTES] __attribute__((aligned(64)));
/* Eight words per chaining value; two neighbours are the block of their parent. The first is the digest in the end. */
static u32 values[8 * (MOST_CHUNKS + 1)] __attribute__((aligned(64)));

u8 *input_at(void) { return input; }
u32 *digest_at(void) { return values; }
u32 most_bytes(void) { return sizeof input; }

#define ADD wasm_i32x4_add
#define XOR wasm_v128_xor
#define OR wasm_v128_or

/* Rotations to the right. Whole bytes move by one instruction, of which the mask is a constant. */
#define ROT16(x) wasm_i8x16_swizzle(x, wasm_i8x16_const(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13))
#define ROT8(x) wasm_i8x16_swizzle(x, wasm_i8x16_const(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12))
#define ROT(x, n) OR(wasm_u32x4_shr(x, n), wasm_i32x4_shl(x, 32 - (n)))

/* Lanes of x, or of x and y, in this order; each is one machine instruction on x64. */
#define LANES(x, i, j, k, l) wasm_i32x4_shuffle(x, x, i, j, k, l)
#define BOTH(x, y, i, j, k, l) wasm_i32x4_shuffle(x, y, i, j, 4 + k, 4 + l)

/* Half of G on all four columns. b is known last: what does not need it is added first. */
#define HALF_1(m) a = ADD(ADD(a, m), b), d = ROT16(XOR(d, a)), c = ADD(c, d), b = XOR(b, c), b = ROT(b, 12);
#define HALF_2(m) a = ADD(ADD(a, m), b), d = ROT8(XOR(d, a)), c = ADD(c, d), b = XOR(b, c), b = ROT(b, 7);
/* The diagonals become columns, and back. b stays: it is the row that everything waits for. */
#define TURN a = LANES(a, 3, 0, 1, 2), d = LANES(d, 2, 3, 0, 1), c = LANES(c, 1, 2, 3, 0);
#define TURN_BACK a = LANES(a, 1, 2, 3, 0), d = LANES(d, 2, 3, 0, 1), c = LANES(c, 3, 0, 1, 2);

/* The message in the order in which the columns of the first round use it. */
#define FIRST_ROUND                                                           \
  n0 = BOTH(m0, m1, 0, 2, 0, 2);                                              \
  HALF_1(n0)                                                                  \
  n1 = BOTH(m0, m1, 1, 3, 1, 3);                                              \
  HALF_2(n1)                                                                  \
  TURN                                                                        \
  n2 = BOTH(m2, m3, 0, 2, 0, 2), n2 = LANES(n2, 3, 0, 1, 2);                  \
  HALF_1(n2)                                                                  \
  n3 = BOTH(m2, m3, 1, 3, 1, 3), n3 = LANES(n3, 3, 0, 1, 2);                  \
  HALF_2(n3)                                                                  \
  TURN_BACK                                                                   \
  m0 = n0, m1 = n1, m2 = n2, m3 = n3;

/* The permutation of the message between rounds, on words that are in the order of the round before. */
#define NEXT_ROUND                                                            \
  n0 = BOTH(m0, m1, 2, 1, 1, 3), n0 = LANES(n0, 1, 2, 3, 0);                  \
  HALF_1(n0)                                                                  \
  n1 = BOTH(m2, m3, 2, 2, 3, 3), t = LANES(m0, 3, 3, 0, 0);                   \
  n1 = wasm_i32x4_shuffle(t, n1, 0, 5, 2, 7);                                 \
  HALF_2(n1)                                                                  \
  TURN                                                                        \
  t = wasm_i64x2_shuffle(m3, m1, 0, 2), t = wasm_i32x4_shuffle(t, m2, 0, 1, 2, 7); \
  n2 = LANES(t, 0, 2, 3, 1);                                                  \
  HALF_1(n2)                                                                  \
  t = wasm_i32x4_shuffle(m1, m3, 2, 6, 3, 7), t = wasm_i32x4_shuffle(m2, t, 0, 4, 1, 5); \
  n3 = LANES(t, 2, 3, 1, 0);                                                  \
  HALF_2(n3)                                                                  \
  TURN_BACK                                                                   \
  m0 = n0, m1 = n1, m2 = n2, m3 = n3;

typedef struct {
  v128_t low, high;
} Value;

static inline Value initial(void) {
  return (Value){wasm_i32x4_const(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a),
                 wasm_i32x4_const(0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19)};
}

static inline __attribute__((always_inline)) Value compress(Value h, const void *block, u32 chunk, u32 bytes, u32 flags) {
  v128_t a = h.low, b = h.high, c = initial().low, d = wasm_i32x4_make(chunk, 0, bytes, flags);
  const v128_t *m = block;
  v128_t m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3], n0, n1, n2, n3, t;
  FIRST_ROUND NEXT_ROUND NEXT_ROUND NEXT_ROUND NEXT_ROUND NEXT_ROUND NEXT_ROUND
  return (Value){XOR(a, c), XOR(b, d)};
}

static inline void put(Value h, u32 slot) {
  v128_t *to = (v128_t *)(values + 8 * slot);
  to[0] = h.low;
  to[1] = h.high;
}

/* Chunk number `chunk`, of 0 to 1,024 bytes; `root`: ROOT when it is the only one, else 0. */
static inline __attribute__((always_inline)) void hash_chunk(u32 chunk, u32 bytes, u32 root) {
  const u8 *block = input + chunk * CHUNK_BYTES;
  Value h = initial();
  u32 flags = CHUNK_START;
  for (;;) {
    u32 last = bytes <= BLOCK_BYTES;
    h = compress(h, block, chunk, last ? bytes : BLOCK_BYTES, last ? flags | CHUNK_END | root : flags);
    if (last) break;
    bytes -= BLOCK_BYTES;
    block += BLOCK_BYTES;
    flags = 0;
  }
  put(h, chunk);
}

/* The digest of the first `length` bytes of the input, at most `most_bytes`. What follows them in their block is overwritten. */
void hash(u32 length) {
  u32 filled = length == 0 ? BLOCK_BYTES : (length + BLOCK_BYTES - 1) & ~(BLOCK_BYTES - 1);
  for (u32 i = length; i < filled; i++) input[i] = 0;
  u32 chunks = (filled + CHUNK_BYTES - 1) / CHUNK_BYTES;
  for (u32 chunk = 0; chunk < chunks; chunk++) {
    u32 left = length - chunk * CHUNK_BYTES;
    hash_chunk(chunk, left < CHUNK_BYTES ? left : CHUNK_BYTES, chunks == 1 ? ROOT : 0);
  }
  /* Neighbours are joined level by level; the one that is left over moves up as it is. */
  for (; chunks > 1; chunks = (chunks + 1) / 2) {
    for (u32 i = 0; i < chunks / 2; i++)
      put(compress(initial(), values + 16 * i, 0, BLOCK_BYTES, PARENT | (chunks == 2 ? ROOT : 0)), i);
    if (chunks % 2 == 1) {
      const v128_t *last = (const v128_t *)(values + 8 * (chunks - 1));
      put((Value){last[0], last[1]}, chunks / 2);
    }
  }
}
