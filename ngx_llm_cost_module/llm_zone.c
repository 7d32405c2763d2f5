
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Time zones from the system's TZif files (RFC 8536, versions 1 to 4).  A file
 * is read whole, once, when nginx reads its configuration, and is believed
 * only as far as it has been checked.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "llm_window.h"
#include "llm_zone.h"


#define LLM_ZONE_DIR         "/usr/share/zoneinfo"
#define LLM_ZONE_NAME        64
#define LLM_ZONE_FILE        65536
#define LLM_ZONE_TIMES       4096
#define LLM_ZONE_HEADER      44


/* counts of a block; the names are those of RFC 8536 */

typedef struct {
    uint32_t               isutcnt;
    uint32_t               isstdcnt;
    uint32_t               leapcnt;
    uint32_t               timecnt;
    uint32_t               typecnt;
    uint32_t               charcnt;
    size_t                 width;     /* of a time */
    const unsigned char   *p;         /* the block */
    size_t                 size;
} llm_tzif_t;


static int llm_zone_name(const char *name);
static ssize_t llm_zone_file(const char *name, unsigned char *buf,
    char *err, size_t errsize);
static const char *llm_tzif_header(llm_tzif_t *b, const unsigned char *p,
    const unsigned char *end, size_t width);
static const char *llm_tzif_block(llm_mem_t *mem, const llm_tzif_t *b,
    llm_zone_t *z);
static int llm_tzif_offset(const llm_tzif_t *b, unsigned type, int32_t *off);
static uint64_t llm_tzif_number(const unsigned char *p, size_t n);
static void llm_zone_rule_stretch(const llm_zone_t *z, int64_t t,
    llm_stretch_t *s);


llm_zone_t *
llm_zone_load(llm_mem_t *mem, const char *name, char *err, size_t errsize)
{
    ssize_t         n;
    llm_zone_t     *z;
    unsigned char  *buf;

    if (strcmp(name, "UTC") == 0) {
        z = llm_alloc(mem, sizeof(llm_zone_t));

        if (z) {
            memset(z, 0, sizeof(llm_zone_t));

        } else {
            snprintf(err, errsize, "no memory");
        }

        return z;
    }

    if (!llm_zone_name(name)) {
        snprintf(err, errsize, "not the name of a time zone, "
                 "write one such as \"Europe/Kyiv\" or \"UTC\"");
        return NULL;
    }

    buf = llm_alloc(mem, LLM_ZONE_FILE + 1);

    if (buf == NULL) {
        snprintf(err, errsize, "no memory");
        return NULL;
    }

    n = llm_zone_file(name, buf, err, errsize);

    return n < 0 ? NULL : llm_zone_parse(mem, buf, n, err, errsize);
}


/* a path below the directory, and nothing else */

static int
llm_zone_name(const char *name)
{
    size_t  n;

    n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                     "0123456789/_+-");

    return n > 0 && n <= LLM_ZONE_NAME && name[n] == '\0' && name[0] != '/';
}


static ssize_t
llm_zone_file(const char *name, unsigned char *buf, char *err,
    size_t errsize)
{
    int          fd;
    char         path[sizeof(LLM_ZONE_DIR) + 1 + LLM_ZONE_NAME];
    ssize_t      n, size;
    struct stat  st;

    snprintf(path, sizeof(path), "%s/%s", LLM_ZONE_DIR, name);

    fd = open(path, O_RDONLY|O_NONBLOCK|O_CLOEXEC);

    if (fd == -1) {
        snprintf(err, errsize, "cannot open \"%s\": %s%s", path,
                 strerror(errno), errno == ENOENT
                 ? ", is the package tzdata installed?" : "");
        return -1;
    }

    if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
        snprintf(err, errsize, "\"%s\" is not a file", path);
        close(fd);
        return -1;
    }

    for (size = 0; size <= LLM_ZONE_FILE; size += n) {
        n = read(fd, buf + size, LLM_ZONE_FILE + 1 - size);

        if (n == -1) {
            snprintf(err, errsize, "cannot read \"%s\": %s", path,
                     strerror(errno));
            close(fd);
            return -1;
        }

        if (n == 0) {
            break;
        }
    }

    close(fd);

    if (size > LLM_ZONE_FILE) {
        snprintf(err, errsize, "\"%s\" is too large for a time zone", path);
        return -1;
    }

    return size;
}


llm_zone_t *
llm_zone_parse(llm_mem_t *mem, const unsigned char *data, size_t len,
    char *err, size_t errsize)
{
    llm_tzif_t            b;
    const char           *wrong;
    llm_zone_t           *z;
    const unsigned char  *p, *end;

    z = llm_alloc(mem, sizeof(llm_zone_t));

    if (z == NULL) {
        snprintf(err, errsize, "no memory");
        return NULL;
    }

    memset(z, 0, sizeof(llm_zone_t));

    end = data + len;
    wrong = llm_tzif_header(&b, data, end, 4);

    if (wrong == NULL && data[4] >= '2') {

        /* the same again, with 64 bits, and a rule for what comes after */

        wrong = llm_tzif_header(&b, b.p + b.size, end, 8);

        if (wrong == NULL) {
            p = b.p + b.size;

            if (p == end || *p != '\n' || end[-1] != '\n' || end - p < 2) {
                wrong = "the rule at the end is missing";

            } else if (end - p > 2
                       && llm_zone_posix(p + 1, end - 1, &z->rule) != LLM_OK)
            {
                wrong = "the rule at the end cannot be read";
            }
        }
    }

    if (wrong == NULL) {
        wrong = llm_tzif_block(mem, &b, z);
    }

    if (wrong) {
        snprintf(err, errsize, "not a usable TZif file: %s", wrong);
        return NULL;
    }

    return z;
}


static const char *
llm_tzif_header(llm_tzif_t *b, const unsigned char *p,
    const unsigned char *end, size_t width)
{
    if (end - p < LLM_ZONE_HEADER || memcmp(p, "TZif", 4) != 0) {
        return "no header";
    }

    b->isutcnt = llm_tzif_number(p + 20, 4);
    b->isstdcnt = llm_tzif_number(p + 24, 4);
    b->leapcnt = llm_tzif_number(p + 28, 4);
    b->timecnt = llm_tzif_number(p + 32, 4);
    b->typecnt = llm_tzif_number(p + 36, 4);
    b->charcnt = llm_tzif_number(p + 40, 4);
    b->width = width;
    b->p = p + LLM_ZONE_HEADER;

    /* each count alone, so that the sum below cannot wrap */

    if (b->isutcnt > 256 || b->isstdcnt > 256 || b->charcnt > LLM_ZONE_FILE
        || b->leapcnt > LLM_ZONE_TIMES || b->timecnt > LLM_ZONE_TIMES
        || b->typecnt > 256)
    {
        return "a count is out of range";
    }

    b->size = b->timecnt * (width + 1) + b->typecnt * 6 + b->charcnt
              + b->leapcnt * (width + 4) + b->isstdcnt + b->isutcnt;

    if ((size_t) (end - b->p) < b->size) {
        return "it is cut off";
    }

    return NULL;
}


/*
 * From t on the offset is off.  Changes of the name only do not matter, and
 * what is older than any clock is folded into the first offset.
 */

static void
llm_tzif_change(llm_zone_t *z, int64_t t, int32_t off, int32_t *last)
{
    if (t < LLM_TIME_MIN) {
        z->first = off;
        *last = off;

    } else if (off != *last) {
        z->at[z->n] = t;
        z->offsets[z->n] = off;
        z->n++;
        *last = off;
    }
}


static const char *
llm_tzif_block(llm_mem_t *mem, const llm_tzif_t *b, llm_zone_t *z)
{
    int32_t               off, last;
    int64_t               t, prev;
    uint32_t              i;
    const unsigned char  *types;

    if (b->leapcnt != 0) {
        return "it counts leap seconds, as the system's clock does not";
    }

    if (b->typecnt == 0 || llm_tzif_offset(b, 0, &z->first) != LLM_OK) {
        return "an offset is out of range";
    }

    z->at = llm_alloc(mem, (b->timecnt + 1) * sizeof(int64_t));
    z->offsets = llm_alloc(mem, (b->timecnt + 1) * sizeof(int32_t));

    if (z->at == NULL || z->offsets == NULL) {
        return "no memory";
    }

    types = b->p + b->timecnt * b->width;
    last = z->first;
    prev = INT64_MIN;

    for (i = 0; i < b->timecnt; i++) {
        t = llm_tzif_number(b->p + i * b->width, b->width);

        if (b->width == 4) {
            t = (int32_t) t;
        }

        if (t <= prev && i != 0) {
            return "times do not ascend";
        }

        prev = t;

        if (types[i] >= b->typecnt
            || llm_tzif_offset(b, types[i], &off) != LLM_OK)
        {
            return "an offset is out of range";
        }

        llm_tzif_change(z, t, off, &last);
    }

    return NULL;
}


static int
llm_tzif_offset(const llm_tzif_t *b, unsigned type, int32_t *off)
{
    const unsigned char  *p;

    p = b->p + b->timecnt * (b->width + 1) + type * 6;

    *off = (int32_t) llm_tzif_number(p, 4);

    return *off < -LLM_ZONE_OFFSET_MAX || *off > LLM_ZONE_OFFSET_MAX
           ? LLM_BAD : LLM_OK;
}


static uint64_t
llm_tzif_number(const unsigned char *p, size_t n)
{
    uint64_t  v;

    for (v = 0; n > 0; n--) {
        v = v << 8 | *p++;
    }

    return v;
}


void
llm_zone_stretch(const llm_zone_t *z, int64_t t, llm_stretch_t *s)
{
    unsigned  lo, hi, mid;

    /* how many changes lie at or before t */

    lo = 0;
    hi = z->n;

    while (lo < hi) {
        mid = lo + (hi - lo) / 2;

        if (z->at[mid] <= t) {
            lo = mid + 1;

        } else {
            hi = mid;
        }
    }

    s->start = lo == 0 ? INT64_MIN : z->at[lo - 1];
    s->end = lo == z->n ? INT64_MAX : z->at[lo];
    s->offset = lo == 0 ? z->first : z->offsets[lo - 1];

    if (lo < z->n || !z->rule.given) {
        return;
    }

    if (z->rule.changes) {
        llm_zone_rule_stretch(z, t, s);

    } else {
        s->offset = z->rule.std;
    }
}


/* s is the stretch after the table's end, without an end of its own */

static void
llm_zone_rule_stretch(const llm_zone_t *z, int64_t t, llm_stretch_t *s)
{
    int      i, y, month, day;
    int64_t  at, year, last;

    llm_date((t + z->rule.std) / 86400, &year, &month, &day);
    y = (int) year;
    last = s->start;

    /* the end of one year's and the start of the next may be one instant */

    for (i = 0; i < 6; i++) {
        at = i & 1 ? llm_zone_begin(&z->rule, y - 1 + i / 2)
                   : llm_zone_end(&z->rule, y - 1 + i / 2);

        if (at <= last) {
            continue;
        }

        if (at > t) {
            s->end = at < s->end ? at : s->end;

        } else if (at >= s->start) {
            s->start = at;
            s->offset = i & 1 ? z->rule.dst : z->rule.std;
        }
    }
}
