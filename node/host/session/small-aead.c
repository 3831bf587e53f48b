/*
 * ChaCha20-Poly1305 (RFC 8439) without additional data, for messages of up to MOST bytes, in place.
 * Owns: the computation. Does not own: keys, nonces and which messages come here (small-aead.ts).
 * Scalar on purpose, and without a branch or an address that depends on a secret: every message of one length takes the same steps.
 */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define MOST 4096
#define OUT __attribute__((visibility("default")))

static u32 key[8];
static u32 nonce[3];
static u32 data[MOST / 4 + 16];
static u32 tag[4];

OUT u32 key_at(void) { return (u32)key; }
OUT u32 nonce_at(void) { return (u32)nonce; }
OUT u32 data_at(void) { return (u32)data; }
OUT u32 tag_at(void) { return (u32)tag; }
OUT u32 most_bytes(void) { return MOST; }

#define TURN(a, n) (((a) << (n)) | ((a) >> (32 - (n))))
#define QUARTER(a, b, c, d)                                                                                            \
  a += b; d = TURN(d ^ a, 16);                                                                                         \
  c += d; b = TURN(b ^ c, 12);                                                                                         \
  a += b; d = TURN(d ^ a, 8);                                                                                          \
  c += d; b = TURN(b ^ c, 7);

static void block(u32 counter, u32 *out) {
  const u32 s0 = 0x61707865, s1 = 0x3320646e, s2 = 0x79622d32, s3 = 0x6b206574;
  u32 x0 = s0, x1 = s1, x2 = s2, x3 = s3;
  u32 x4 = key[0], x5 = key[1], x6 = key[2], x7 = key[3], x8 = key[4], x9 = key[5], x10 = key[6], x11 = key[7];
  u32 x12 = counter, x13 = nonce[0], x14 = nonce[1], x15 = nonce[2];
  for (int i = 0; i < 10; i++) {
    QUARTER(x0, x4, x8, x12)
    QUARTER(x1, x5, x9, x13)
    QUARTER(x2, x6, x10, x14)
    QUARTER(x3, x7, x11, x15)
    QUARTER(x0, x5, x10, x15)
    QUARTER(x1, x6, x11, x12)
    QUARTER(x2, x7, x8, x13)
    QUARTER(x3, x4, x9, x14)
  }
  out[0] = x0 + s0; out[1] = x1 + s1; out[2] = x2 + s2; out[3] = x3 + s3;
  out[4] = x4 + key[0]; out[5] = x5 + key[1]; out[6] = x6 + key[2]; out[7] = x7 + key[3];
  out[8] = x8 + key[4]; out[9] = x9 + key[5]; out[10] = x10 + key[6]; out[11] = x11 + key[7];
  out[12] = x12 + counter; out[13] = x13 + nonce[0]; out[14] = x14 + nonce[1]; out[15] = x15 + nonce[2];
}

/* The buffer has a block to spare, so that the last one is turned over as a whole. */
static void stream(u32 bytes) {
  u32 pad[16];
  for (u32 at = 0, counter = 1; at < bytes; at += 64, counter++) {
    block(counter, pad);
    for (int i = 0; i < 16; i++) data[at / 4 + i] ^= pad[i];
  }
}

static void zero_from(u32 bytes) {
  u8 *byte = (u8 *)data;
  for (u32 at = bytes; at % 64 != 0; at++) byte[at] = 0;
}

/* Limbs of 26 bits. */
static u32 h0, h1, h2, h3, h4;

static void absorb(u32 w0, u32 w1, u32 w2, u32 w3, const u32 *r, const u32 *s) {
  h0 += w0 & 0x3ffffff;
  h1 += ((w0 >> 26) | (w1 << 6)) & 0x3ffffff;
  h2 += ((w1 >> 20) | (w2 << 12)) & 0x3ffffff;
  h3 += ((w2 >> 14) | (w3 << 18)) & 0x3ffffff;
  h4 += (w3 >> 8) | (1u << 24);
  u64 d0 = (u64)h0 * r[0] + (u64)h1 * s[4] + (u64)h2 * s[3] + (u64)h3 * s[2] + (u64)h4 * s[1];
  u64 d1 = (u64)h0 * r[1] + (u64)h1 * r[0] + (u64)h2 * s[4] + (u64)h3 * s[3] + (u64)h4 * s[2];
  u64 d2 = (u64)h0 * r[2] + (u64)h1 * r[1] + (u64)h2 * r[0] + (u64)h3 * s[4] + (u64)h4 * s[3];
  u64 d3 = (u64)h0 * r[3] + (u64)h1 * r[2] + (u64)h2 * r[1] + (u64)h3 * r[0] + (u64)h4 * s[4];
  u64 d4 = (u64)h0 * r[4] + (u64)h1 * r[3] + (u64)h2 * r[2] + (u64)h3 * r[1] + (u64)h4 * r[0];
  d1 += d0 >> 26; h0 = (u32)d0 & 0x3ffffff;
  d2 += d1 >> 26; h1 = (u32)d1 & 0x3ffffff;
  d3 += d2 >> 26; h2 = (u32)d2 & 0x3ffffff;
  d4 += d3 >> 26; h3 = (u32)d3 & 0x3ffffff;
  h0 += (u32)(d4 >> 26) * 5; h4 = (u32)d4 & 0x3ffffff;
  h1 += h0 >> 26; h0 &= 0x3ffffff;
}

/* Of the sealed bytes, which end in zeros up to a whole block. */
static void authenticate(u32 bytes, u32 *out) {
  u32 pad[16];
  block(0, pad);
  const u32 r[5] = {
    pad[0] & 0x3ffffff, ((pad[0] >> 26) | (pad[1] << 6)) & 0x3ffff03, ((pad[1] >> 20) | (pad[2] << 12)) & 0x3ffc0ff,
    ((pad[2] >> 14) | (pad[3] << 18)) & 0x3f03fff, (pad[3] >> 8) & 0x00fffff,
  };
  const u32 s[5] = { 0, r[1] * 5, r[2] * 5, r[3] * 5, r[4] * 5 };
  h0 = h1 = h2 = h3 = h4 = 0;
  for (u32 at = 0; at < bytes; at += 16) absorb(data[at / 4], data[at / 4 + 1], data[at / 4 + 2], data[at / 4 + 3], r, s);
  absorb(0, 0, bytes, 0, r, s);
  u32 c = h1 >> 26; h1 &= 0x3ffffff;
  h2 += c; c = h2 >> 26; h2 &= 0x3ffffff;
  h3 += c; c = h3 >> 26; h3 &= 0x3ffffff;
  h4 += c; c = h4 >> 26; h4 &= 0x3ffffff;
  h0 += c * 5; c = h0 >> 26; h0 &= 0x3ffffff;
  h1 += c;
  /* h - p, and which of both is the rest. */
  u32 g0 = h0 + 5; c = g0 >> 26; g0 &= 0x3ffffff;
  u32 g1 = h1 + c; c = g1 >> 26; g1 &= 0x3ffffff;
  u32 g2 = h2 + c; c = g2 >> 26; g2 &= 0x3ffffff;
  u32 g3 = h3 + c; c = g3 >> 26; g3 &= 0x3ffffff;
  u32 g4 = h4 + c - (1u << 26);
  const u32 less = (g4 >> 31) - 1;
  h0 = (h0 & ~less) | (g0 & less); h1 = (h1 & ~less) | (g1 & less); h2 = (h2 & ~less) | (g2 & less);
  h3 = (h3 & ~less) | (g3 & less); h4 = (h4 & ~less) | (g4 & less);
  u64 f = (u64)(h0 | (h1 << 26)) + pad[4]; out[0] = (u32)f;
  f = (u64)((h1 >> 6) | (h2 << 20)) + pad[5] + (f >> 32); out[1] = (u32)f;
  f = (u64)((h2 >> 12) | (h3 << 14)) + pad[6] + (f >> 32); out[2] = (u32)f;
  f = (u64)((h3 >> 18) | (h4 << 8)) + pad[7] + (f >> 32); out[3] = (u32)f;
}

/* Plain bytes become sealed ones; the tag is written. */
OUT void seal(u32 bytes) {
  stream(bytes);
  zero_from(bytes);
  authenticate(bytes, tag);
}

/* Sealed bytes become plain ones: 1. With a wrong tag they stay: 0. */
OUT u32 open(u32 bytes) {
  u32 right[4];
  zero_from(bytes);
  authenticate(bytes, right);
  const u32 differs = (right[0] ^ tag[0]) | (right[1] ^ tag[1]) | (right[2] ^ tag[2]) | (right[3] ^ tag[3]);
  if (differs != 0) return 0;
  stream(bytes);
  return 1;
}
