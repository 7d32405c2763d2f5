
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_arena.h"
#include "llm_audio.h"


typedef struct {
    unsigned char  data[128 * 1024];
    size_t         len;
} file_t;

static file_t  f;


static void
put(const char *s, size_t n)
{
    memcpy(f.data + f.len, s, n);
    f.len += n;
}


static void
little(uint64_t v, unsigned n)
{
    for ( /* void */ ; n; n--) {
        f.data[f.len++] = (unsigned char) v;
        v >>= 8;
    }
}


static void
big(uint64_t v, unsigned n)
{
    for ( /* void */ ; n; n--) {
        f.data[f.len++] = (unsigned char) (v >> 8 * (n - 1));
    }
}


static void
fill(size_t n)
{
    memset(f.data + f.len, 0, n);
    f.len += n;
}


static void
expect(int64_t ms, unsigned exact)
{
    unsigned        e;
    int64_t         got;
    unsigned char  *copy;

    copy = malloc(f.len + 1);
    memcpy(copy, f.data, f.len);

    got = llm_audio_ms(copy, f.len, &e);

    if (got != ms || e != exact) {
        fail_msg("%lld ms, exact %u, of %zu bytes", (long long) got, e, f.len);
    }

    free(copy);
}


static void
wav(unsigned format, unsigned channels, unsigned rate, unsigned bits,
    uint32_t claimed, size_t bytes)
{
    f.len = 0;

    put("RIFF", 4);
    little(0, 4);
    put("WAVELIST", 8);
    little(3, 4);
    fill(4);
    put("fmt ", 4);
    little(16, 4);
    little(format, 2);
    little(channels, 2);
    little(rate, 4);
    little(1, 4);
    little(4, 2);
    little(bits, 2);
    put("data", 4);
    little(claimed, 4);
    fill(bytes);
}


static void
test_wav(void **state)
{
    (void) state;

    wav(1, 1, 16000, 16, 32000, 32000);
    expect(1000, 1);

    wav(1, 2, 48000, 16, 96001, 96001);
    expect(501, 1);

    /* what is claimed may be more than there is */

    wav(1, 1, 8000, 16, 0xffffffff, 8000);
    expect(500, 1);

    /* a coded one has a rate in bytes */

    wav(2, 1, 8000, 4, 10, 10);
    expect(10000, 1);

    wav(1, 0, 8000, 16, 100, 100);
    expect(llm_audio_most(f.len), 0);
}


/* frames of 128 kbit/s at 44.1 kHz: 417 bytes, 1152 samples */

static void
frames(unsigned n, unsigned char second, unsigned char third, size_t size)
{
    while (n--) {
        f.data[f.len] = 0xff;
        f.data[f.len + 1] = second;
        f.data[f.len + 2] = third;
        memset(f.data + f.len + 3, 0, size - 3);
        f.len += size;
    }
}


static void
test_mp3(void **state)
{
    (void) state;

    f.len = 0;
    frames(100, 0xfb, 0x90, 417);
    expect(2613, 1);

    /* a tag in front, another behind */

    f.len = 0;
    put("ID3\4\0\0\0\0\1\0", 10);
    fill(128);
    frames(100, 0xfb, 0x90, 417);
    put("TAG", 3);
    fill(125);
    expect(2613, 1);

    /* version 2, layer III, 24 kHz: 576 samples; version 2.5, 12 kHz */

    f.len = 0;
    frames(10, 0xf3, 0x84, 192);
    expect(240, 1);

    f.len = 0;
    frames(10, 0xe3, 0x84, 384);
    expect(480, 1);

    /* no frames, and frames that nobody can read */

    f.len = 0;
    put("ID3\4\0\0\177\177\177\177", 10);
    fill(1000);
    expect(llm_audio_most(f.len), 0);

    f.len = 0;
    put("\377\373\0\0", 4);
    fill(100000);
    expect(llm_audio_most(f.len), 0);
}


static void
test_others(void **state)
{
    (void) state;

    /* 48 kHz, 96,000 samples */

    f.len = 0;
    put("fLaC\200\0\0\42", 8);
    fill(10);
    big((uint64_t) 48000 << 44 | (uint64_t) 0x1f0 << 36 | 96000, 8);
    fill(16);
    expect(2000, 1);

    f.len = 0;
    put("OggS", 4);
    fill(22);
    put("\1\23OpusHead", 10);
    fill(11);
    fill(400);
    put("OggS\0\4", 6);
    little(72000, 8);
    fill(14);
    expect(1500, 1);

    f.len = 0;
    put("OggS", 4);
    fill(22);
    put("\1\36\1vorbis\0\0\0\0\1", 14);
    little(16000, 4);
    fill(400);
    put("OggS\0\4", 6);
    little(8000, 8);
    fill(14);
    expect(500, 1);

    f.len = 0;
    big(16, 4);
    put("ftypM4A ", 8);
    fill(4);
    big(8 + 8 + 20, 4);
    put("moov", 4);
    big(28, 4);
    put("mvhd", 4);
    fill(12);
    big(1000, 4);
    big(12345, 4);
    expect(12345, 1);

    f.len = 0;
    big(1, 4);
    put("ftyp", 4);
    big(20, 8);
    fill(4);
    big(0, 4);
    put("moov", 4);
    big(40, 4);
    put("mvhd\1", 5);
    fill(19);
    big(48000, 4);
    big(96000, 8);
    expect(2000, 1);
}


/* no file is shorter than its bytes can be, whatever it claims */

static void
test_claims(void **state)
{
    (void) state;

    f.len = 0;
    put("fLaC\200\0\0\42", 8);
    fill(10);
    big((uint64_t) 48000 << 44 | 1, 8);
    fill(100000);
    expect((int64_t) f.len * 8 / LLM_AUDIO_RATE_MAX, 1);

    f.len = 0;
    put("\032\105\337\243", 4);
    fill(6000);
    expect(6004 * 8 / 6 + 1, 0);

    f.len = 0;
    expect(1, 0);
}


/* any file that ends anywhere, or has any byte changed, is read within it */

static void
test_broken(void **state)
{
    size_t    i, k, len;
    unsigned  exact;
    uint64_t  seed;
    file_t    whole;

    (void) state;

    seed = 1;

    for (k = 0; k < 3; k++) {
        f.len = 0;

        switch (k) {

        case 0:
            wav(1, 1, 16000, 16, 100, 100);
            break;

        case 1:
            big(16, 4);
            put("ftypM4A ", 8);
            fill(4);
            big(36, 4);
            put("moov", 4);
            big(28, 4);
            put("mvhd", 4);
            fill(20);
            break;

        default:
            frames(3, 0xfb, 0x90, 417);
        }

        whole = f;

        for (i = 0; i < 2000; i++) {
            unsigned char  *copy;

            len = llm_random(&seed) % (whole.len + 1);
            copy = malloc(len + 1);
            memcpy(copy, whole.data, len);

            if (len) {
                copy[llm_random(&seed) % len] = llm_random(&seed);
            }

            assert_true(llm_audio_ms(copy, len, &exact) >= 0);
            free(copy);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_wav),
        cmocka_unit_test(test_mp3),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_claims),
        cmocka_unit_test(test_broken)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
