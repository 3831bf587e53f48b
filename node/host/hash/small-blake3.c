/*
 * BLAKE3 of short messages in WebAssembly: one compression at a time, word by word. A processor works on the four columns of a round at once;
 * with the rows in vector registers every step waits for the one before, and takes half as long again (100 bytes: 210 ns, here 150).
 * Owns: the compression function, chunks, their tree, the memory. Does not own: longer messages, the call (small-blake3.ts).
 * Rebuilt and compared by test/node/host/hash/small-blake3.test.ts. Source: the BLAKE3 specification, sections 2.1 to 2.4.
 */
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

/* One rotation of d and one of b, and what leads to them: twice is the function G of the specification. */
#define ROTATED(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define HALF(a, b, c, d, word, n, o) a += b + m[word], d = ROTATED(d ^ a, n), c += d, b = ROTATED(b ^ c, o);
#define G(a, b, c, d, first, second) HALF(a, b, c, d, first, 16, 12) HALF(a, b, c, d, second, 8, 7)
/* Which words of the message go where is spelt out: the permutation costs nothing when it is known to the compiler. */
#define ROUND(i0, i1, i2, i3, i4, i5, i6, i7, i8, i9, i10, i11, i12, i13, i14, i15) \
  G(s0, s4, s8, s12, i0, i1) G(s1, s5, s9, s13, i2, i3)                             \
  G(s2, s6, s10, s14, i4, i5) G(s3, s7, s11, s15, i6, i7)                           \
  G(s0, s5, s10, s15, i8, i9) G(s1, s6, s11, s12, i10, i11)                         \
  G(s2, s7, s8, s13, i12, i13) G(s3, s4, s9, s14, i14, i15)

static const u32 initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                               0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static inline void copy_value(u32 *to, const u32 *from) {
  for (u32 i = 0; i < 8; i++) to[i] = from[i];
}

/* The chaining value `h` becomes the one after the 16 words of `m`. */
static inline __attribute__((always_inline)) void compress(u32 *h, const u32 *m, u32 chunk, u32 bytes, u32 flags) {
  u32 s0 = h[0], s1 = h[1], s2 = h[2], s3 = h[3], s4 = h[4], s5 = h[5], s6 = h[6], s7 = h[7];
  u32 s8 = initial[0], s9 = initial[1], s10 = initial[2], s11 = initial[3];
  u32 s12 = chunk, s13 = 0, s14 = bytes, s15 = flags;
  ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
  ROUND(2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
  ROUND(3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1)
  ROUND(10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6)
  ROUND(12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4)
  ROUND(9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7)
  ROUND(11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13)
  h[0] = s0 ^ s8, h[1] = s1 ^ s9, h[2] = s2 ^ s10, h[3] = s3 ^ s11;
  h[4] = s4 ^ s12, h[5] = s5 ^ s13, h[6] = s6 ^ s14, h[7] = s7 ^ s15;
}

/* Chunk number `chunk`, of 0 to 1,024 bytes; `root`: ROOT when it is the only one, else 0. */
static inline __attribute__((always_inline)) void hash_chunk(u32 chunk, u32 bytes, u32 root) {
  const u8 *block = input + chunk * CHUNK_BYTES;
  u32 *h = values + 8 * chunk;
  u32 flags = CHUNK_START;
  copy_value(h, initial);
  for (;;) {
    u32 last = bytes <= BLOCK_BYTES;
    compress(h, (const u32 *)block, chunk, last ? bytes : BLOCK_BYTES, last ? flags | CHUNK_END | root : flags);
    if (last) break;
    bytes -= BLOCK_BYTES;
    block += BLOCK_BYTES;
    flags = 0;
  }
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
    for (u32 i = 0; i < chunks / 2; i++) {
      u32 parent[8];
      copy_value(parent, initial);
      compress(parent, values + 16 * i, 0, BLOCK_BYTES, PARENT | (chunks == 2 ? ROOT : 0));
      copy_value(values + 8 * i, parent);
    }
    if (chunks % 2 == 1) copy_value(values + 8 * (chunks / 2), values + 8 * (chunks - 1));
  }
}
