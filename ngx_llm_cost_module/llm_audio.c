
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_audio.h"

#include <string.h>


#define LLM_AUDIO_TAIL       (256 * 1024)   /* where Ogg's last page is */
#define LLM_AUDIO_SYNC       (64 * 1024)    /* bytes between MP3's frames */
#define LLM_AUDIO_BOXES      256
#define LLM_AUDIO_MS_MAX     1000000000000LL


typedef struct {
    const unsigned char  *p;
    size_t                len;
} llm_audio_file_t;


/* milliseconds, or -1 where the file does not say them */

typedef int64_t (*llm_audio_reader_pt)(const llm_audio_file_t *f);


static uint64_t
llm_audio_big(const unsigned char *p, unsigned n)
{
    uint64_t  v;

    for (v = 0; n; n--) {
        v = v << 8 | *p++;
    }

    return v;
}


static uint64_t
llm_audio_little(const unsigned char *p, unsigned n)
{
    uint64_t  v;

    for (v = 0; n; n--) {
        v = v << 8 | p[n - 1];
    }

    return v;
}


static int
llm_audio_at(const llm_audio_file_t *f, size_t at, const char *s, size_t n)
{
    return f->len >= n && at <= f->len - n && memcmp(f->p + at, s, n) == 0;
}


/* units at so many a second, rounded up */

static int64_t
llm_audio_time(uint64_t units, uint64_t rate)
{
    llm_int128_t  ms;

    if (rate == 0) {
        return -1;
    }

    ms = ((llm_int128_t) units * 1000 + rate - 1) / rate;

    return ms > LLM_AUDIO_MS_MAX ? -1 : (int64_t) ms;
}


static int64_t
llm_audio_wav(const llm_audio_file_t *f)
{
    size_t                at, size;
    uint64_t              rate;
    const unsigned char  *c;

    if (!llm_audio_at(f, 0, "RIFF", 4) || !llm_audio_at(f, 8, "WAVE", 4)) {
        return -1;
    }

    rate = 0;

    for (at = 12; f->len >= 8 && at <= f->len - 8; at += size + (size & 1)) {

        c = f->p + at;
        size = llm_audio_little(c + 4, 4);
        at += 8;

        /* that of a stream is not known when its head is written */

        if (size > f->len - at) {
            size = f->len - at;
        }

        if (memcmp(c, "fmt ", 4) == 0 && size >= 16) {
            c += 8;

            switch (llm_audio_little(c, 2)) {

            case 1: case 3: case 6: case 7: case 0xfffe:

                /* the rate in bytes is not what a decoder goes by */

                rate = llm_audio_little(c + 2, 2) * llm_audio_little(c + 4, 4)
                       * llm_audio_little(c + 14, 2) / 8;
                break;

            default:
                rate = llm_audio_little(c + 8, 4);
            }

        } else if (memcmp(c, "data", 4) == 0) {
            return llm_audio_time(size, rate);
        }
    }

    return -1;
}


/* samples and bytes of an MP3 frame; 0: it is none */

static unsigned
llm_audio_frame(const unsigned char *p, unsigned *rate, unsigned *size)
{
    unsigned  bits, samples, low;

    static const unsigned short  kbits[2][16] = {
        { 0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
          0 },
        { 0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0 }
    };

    static const unsigned short  rates[4] = { 44100, 48000, 32000, 0 };

    /* layer III of a version that exists */

    if (p[0] != 0xff || (p[1] & 0xe6) != 0xe2 || (p[1] & 0x18) == 0x08) {
        return 0;
    }

    low = (p[1] & 0x18) != 0x18;

    bits = kbits[low][p[2] >> 4];
    *rate = rates[p[2] >> 2 & 3] >> low;

    if ((p[1] & 0x18) == 0) {
        *rate >>= 1;
    }

    if (bits == 0 || *rate == 0) {
        return 0;
    }

    samples = low ? 576 : 1152;
    *size = samples / 8 * bits * 1000 / *rate + (p[2] >> 1 & 1);

    return samples;
}


static int64_t
llm_audio_mp3(const llm_audio_file_t *f)
{
    size_t    at, lost;
    uint64_t  samples;
    unsigned  n, rate, size, last;

    at = 0;
    samples = 0;
    last = 0;
    lost = 0;

    if (f->len >= 10 && llm_audio_at(f, 0, "ID3", 3)) {
        at = 10 + ((f->p[6] & 0x7f) << 21 | (f->p[7] & 0x7f) << 14
                   | (f->p[8] & 0x7f) << 7 | (f->p[9] & 0x7f));

    } else if (f->len < 2 || f->p[0] != 0xff || (f->p[1] & 0xe0) != 0xe0) {
        return -1;
    }

    while (f->len >= 4 && at <= f->len - 4) {

        n = llm_audio_frame(f->p + at, &rate, &size);

        if (n == 0 || (last && rate != last)) {

            /* tags at the end, or something between frames */

            if (++lost > LLM_AUDIO_SYNC) {
                return -1;
            }

            at++;
            continue;
        }

        last = rate;
        samples += n;
        at += size;
    }

    return last ? llm_audio_time(samples, last) : -1;
}


static int64_t
llm_audio_flac(const llm_audio_file_t *f)
{
    uint64_t  v, samples;

    if (!llm_audio_at(f, 0, "fLaC", 4) || f->len < 26 || (f->p[4] & 0x7f)) {
        return -1;
    }

    v = llm_audio_big(f->p + 18, 8);
    samples = v & 0xfffffffffULL;

    return samples ? llm_audio_time(samples, v >> 44) : -1;
}


/* the last page says how many samples there were up to its end */

static int64_t
llm_audio_ogg(const llm_audio_file_t *f)
{
    size_t    at, least, head;
    uint64_t  rate, samples;

    if (!llm_audio_at(f, 0, "OggS", 4) || f->len < 64) {
        return -1;
    }

    head = 27 + f->p[26];

    if (llm_audio_at(f, head, "OpusHead", 8)) {
        rate = 48000;

    } else if (llm_audio_at(f, head, "\001vorbis", 7)
               && head + 16 <= f->len)
    {
        rate = llm_audio_little(f->p + head + 12, 4);

    } else {
        return -1;
    }

    least = f->len > LLM_AUDIO_TAIL ? f->len - LLM_AUDIO_TAIL : 0;

    for (at = f->len - 14; at > least; at--) {

        if (!llm_audio_at(f, at, "OggS", 4)) {
            continue;
        }

        samples = llm_audio_little(f->p + at + 6, 8);

        if (samples && samples <= INT64_MAX) {
            return llm_audio_time(samples, rate);
        }
    }

    return -1;
}


/* a box of a name between two places: where its content is, 0: none */

static size_t
llm_audio_box(const llm_audio_file_t *f, size_t at, size_t last,
    const char *name, size_t *end)
{
    size_t    head;
    unsigned  n;
    uint64_t  size;

    for (n = 0; n < LLM_AUDIO_BOXES && last - at >= 8; n++) {

        size = llm_audio_big(f->p + at, 4);
        head = 8;

        if (size == 1 && last - at >= 16) {
            size = llm_audio_big(f->p + at + 8, 8);
            head = 16;

        } else if (size == 0) {
            size = last - at;
        }

        if (size < head || size > last - at) {
            return 0;
        }

        if (memcmp(f->p + at + 4, name, 4) == 0) {
            *end = at + size;
            return at + head;
        }

        at += size;
    }

    return 0;
}


static int64_t
llm_audio_mp4(const llm_audio_file_t *f)
{
    size_t                at, end;
    const unsigned char  *p;

    if (!llm_audio_at(f, 4, "ftyp", 4)) {
        return -1;
    }

    at = llm_audio_box(f, 0, f->len, "moov", &end);
    at = at ? llm_audio_box(f, at, end, "mvhd", &end) : 0;

    if (at == 0 || end - at < 20) {
        return -1;
    }

    p = f->p + at;

    if (p[0] == 1) {
        return end - at < 32 ? -1 : llm_audio_time(llm_audio_big(p + 24, 8),
                                                   llm_audio_big(p + 20, 4));
    }

    return llm_audio_time(llm_audio_big(p + 16, 4), llm_audio_big(p + 12, 4));
}


int64_t
llm_audio_most(size_t len)
{
    return (int64_t) (len * 8 / LLM_AUDIO_RATE_MIN + 1);
}


int64_t
llm_audio_ms(const unsigned char *p, size_t len, unsigned *exact)
{
    size_t            i;
    int64_t           ms, least;
    llm_audio_file_t  f;

    static const llm_audio_reader_pt  readers[] = {
        llm_audio_wav, llm_audio_flac, llm_audio_ogg, llm_audio_mp4,
        llm_audio_mp3
    };

    f.p = p;
    f.len = len;

    least = (int64_t) (len * 8 / LLM_AUDIO_RATE_MAX);

    for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {

        ms = readers[i](&f);

        if (ms < 0) {
            continue;
        }

        *exact = 1;

        /* of WAV every byte is looked at: its rate may be above any other */

        return (ms < least && i > 0) ? least : ms;
    }

    *exact = 0;

    return llm_audio_most(len);
}
