
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_sse.h"

#include <string.h>


/*
 * p->buf holds the data of the event so far (data_len bytes) and then the
 * line that the last call ended in (up to len).  What is decided about a line
 * depends on the whole line only, never on where the input was split.
 */

#define LLM_SSE_BOM          0      /* to 2: bytes of a byte order mark seen */
#define LLM_SSE_LINE         3
#define LLM_SSE_SKIP         4      /* rest of a line that is of no use */

static const unsigned char  llm_sse_bom[] = { 0xef, 0xbb, 0xbf };


/* the input of one call */

typedef struct {
    llm_sse_t             *sse;
    const unsigned char   *start;
    const unsigned char   *p;
    const unsigned char   *last;

    /* next line ends of either kind, found once; last: none */
    const unsigned char   *lf;
    const unsigned char   *cr;

    /* data that lies in one line of this input, not copied yet */
    llm_str_t              text;
} llm_sse_input_t;


static size_t
llm_sse_max(const llm_sse_t *s)
{
    return s->max ? s->max : LLM_SSE_MAX;
}


static int
llm_sse_append(llm_sse_t *s, const unsigned char *p, size_t len)
{
    size_t          size;
    unsigned char  *buf;

    if (len == 0) {
        return LLM_OK;
    }

    if (len > s->size - s->len) {

        for (size = s->size ? s->size * 2 : 512; size < s->len + len; ) {
            size *= 2;
        }

        buf = llm_alloc(s->mem, size);
        if (buf == NULL) {
            return LLM_ERROR;
        }

        if (s->len) {
            memcpy(buf, s->buf, s->len);
        }

        s->buf = buf;
        s->size = size;
    }

    memcpy(s->buf + s->len, p, len);
    s->len += len;

    return LLM_OK;
}


/* an event's data in place becomes data in buf */

static int
llm_sse_keep(llm_sse_input_t *in)
{
    llm_sse_t  *s;

    s = in->sse;

    if (in->text.data == NULL) {
        return LLM_OK;
    }

    if (llm_sse_append(s, in->text.data, in->text.len) != LLM_OK) {
        return LLM_ERROR;
    }

    s->data_len = s->len;
    in->text.data = NULL;

    return LLM_OK;
}


/* value of the field if the line holds it: 1 */

static int
llm_sse_field(const unsigned char *line, size_t len, const char *name,
    size_t n, llm_str_t *value)
{
    if (len < n || memcmp(line, name, n) != 0 || (len > n && line[n] != ':')) {
        return 0;
    }

    n += (len > n);
    n += (len > n && line[n] == ' ');

    value->data = (unsigned char *) line + n;
    value->len = len - n;

    return 1;
}


/* the event's data is too long: what there is of it goes */

static void
llm_sse_overflow(llm_sse_input_t *in)
{
    in->sse->oversize = 1;
    in->sse->has_data = 1;
    in->sse->data_len = 0;
    in->sse->len = 0;
    in->text.data = NULL;
}


/* a further data field fits behind the have bytes that there are */

static int
llm_sse_fits(llm_sse_t *s, size_t have, size_t len)
{
    return len + (s->has_data ? have + 1 : 0) <= llm_sse_max(s);
}


/* one data field; it may lie in the input or at the end of buf */

static int
llm_sse_add_data(llm_sse_input_t *in, const llm_str_t *value, unsigned carried)
{
    size_t      len;
    llm_sse_t  *s;

    s = in->sse;

    if (s->oversize) {
        return LLM_OK;
    }

    len = in->text.data ? in->text.len : s->data_len;

    if (!llm_sse_fits(s, len, value->len)) {
        llm_sse_overflow(in);
        return LLM_OK;
    }

    if (carried) {
        /* s->buf has room: "data:" was in front of the value */

        if (s->has_data) {
            s->buf[s->data_len++] = '\n';
        }

        memmove(s->buf + s->data_len, value->data, value->len);
        s->data_len += value->len;
        s->has_data = 1;

        return LLM_OK;
    }

    if (!s->has_data) {
        s->has_data = 1;
        in->text = *value;

        return LLM_OK;
    }

    if (llm_sse_keep(in) != LLM_OK
        || llm_sse_append(s, (unsigned char *) "\n", 1) != LLM_OK
        || llm_sse_append(s, value->data, value->len) != LLM_OK)
    {
        return LLM_ERROR;
    }

    s->data_len = s->len;

    return LLM_OK;
}


static int
llm_sse_dispatch(llm_sse_input_t *in)
{
    int         rc;
    llm_str_t   text;
    llm_sse_t  *s;

    s = in->sse;
    rc = LLM_OK;

    if (s->oversize) {
        s->dropped++;

    } else if (s->has_data) {
        s->events++;

        if (in->text.data) {
            text = in->text;

        } else {
            text.data = s->buf;
            text.len = s->data_len;
        }

        s->type.data = s->type_buf;

        rc = s->handler(s->data, &s->type, &text, in->p - in->start);
    }

    s->has_data = 0;
    s->oversize = 0;
    s->data_len = 0;
    s->len = 0;
    s->type.len = 0;
    in->text.data = NULL;

    return rc;
}


/* a whole line without its end */

static int
llm_sse_line(llm_sse_input_t *in, const unsigned char *line, size_t len,
    unsigned carried)
{
    int         rc;
    llm_str_t   value;
    llm_sse_t  *s;

    s = in->sse;
    rc = LLM_OK;

    if (len == 0) {
        return llm_sse_dispatch(in);
    }

    if (llm_sse_field(line, len, "data", 4, &value)) {
        rc = llm_sse_add_data(in, &value, carried);

    } else if (len <= llm_sse_max(s)
               && llm_sse_field(line, len, "event", 5, &value))
    {
        s->type.len = (value.len < sizeof(s->type_buf)) ? value.len
                                                        : sizeof(s->type_buf);
        memcpy(s->type_buf, value.data, s->type.len);
    }

    if (carried) {
        s->len = s->data_len;
    }

    return rc;
}


/*
 * The input ends inside a line: keep what there is of it, unless it can be
 * seen already that it is too long to be of use.
 */

static int
llm_sse_carry(llm_sse_input_t *in, const unsigned char *p, size_t len)
{
    llm_str_t   value;
    llm_sse_t  *s;

    s = in->sse;

    if (llm_sse_keep(in) != LLM_OK || llm_sse_append(s, p, len) != LLM_OK) {
        return LLM_ERROR;
    }

    len = s->len - s->data_len;
    p = s->buf + s->data_len;

    if (llm_sse_field(p, len, "data", 4, &value)) {

        if (llm_sse_fits(s, s->data_len, value.len)) {
            return LLM_OK;
        }

        llm_sse_overflow(in);

    } else if (len <= llm_sse_max(s)) {
        return LLM_OK;
    }

    s->len = s->data_len;
    s->state = LLM_SSE_SKIP;

    return LLM_OK;
}


static const unsigned char *
llm_sse_find(const unsigned char *p, const unsigned char *last, int c)
{
    const unsigned char  *found;

    found = memchr(p, c, last - p);

    return found ? found : last;
}


/* end of the line at in->p, or in->last; every byte is looked at once */

static const unsigned char *
llm_sse_eol(llm_sse_input_t *in)
{
    if (in->lf < in->p) {
        in->lf = llm_sse_find(in->p, in->last, '\n');
    }

    if (in->cr < in->p) {
        in->cr = llm_sse_find(in->p, in->last, '\r');
    }

    return (in->lf < in->cr) ? in->lf : in->cr;
}


/* nothing is known of an event that may follow */

static int
llm_sse_clean(const llm_sse_t *s)
{
    return !s->has_data && !s->oversize && s->len == 0 && s->type.len == 0
           && s->state == LLM_SSE_LINE;
}


/*
 * What nearly every event is: one data line, a blank line, both ended by LF,
 * in one piece of input, and none of it known yet.
 */

static int
llm_sse_plain(llm_sse_input_t *in, const unsigned char *end)
{
    const unsigned char  *p;

    p = in->p;

    if (end != in->lf || in->last - end < 2 || end[1] != '\n'
        || end - p < 5 || memcmp(p, "data:", 5) != 0
        || (size_t) (end - p) > llm_sse_max(in->sse))
    {
        return 0;
    }

    p += 5;
    p += (*p == ' ');

    in->text.data = (unsigned char *) p;
    in->text.len = end - p;
    in->sse->has_data = 1;
    in->p = end + 2;

    return 1;
}


static int
llm_sse_next(llm_sse_input_t *in)
{
    unsigned              skip, carried;
    llm_sse_t            *s;
    const unsigned char  *line, *end;

    s = in->sse;
    line = in->p;
    end = llm_sse_eol(in);

    if (llm_sse_clean(s)) {
        s->start = line - in->start;

        if (llm_sse_plain(in, end)) {
            return llm_sse_dispatch(in);
        }
    }

    skip = (s->state == LLM_SSE_SKIP);

    if (end == in->last) {
        in->p = end;
        return skip ? LLM_OK : llm_sse_carry(in, line, end - line);
    }

    in->p = end + 1;

    if (*end == '\r') {
        if (in->p == in->last) {
            s->cr = 1;

        } else if (*in->p == '\n') {
            in->p++;
        }
    }

    s->state = LLM_SSE_LINE;

    if (skip) {
        return LLM_OK;
    }

    carried = (s->len > s->data_len);

    if (carried) {
        if (llm_sse_append(s, line, end - line) != LLM_OK) {
            return LLM_ERROR;
        }

        return llm_sse_line(in, s->buf + s->data_len, s->len - s->data_len, 1);
    }

    return llm_sse_line(in, line, end - line, 0);
}


/* a byte order mark may stand in front of everything */

static int
llm_sse_start(llm_sse_input_t *in)
{
    unsigned    n;
    llm_sse_t  *s;

    s = in->sse;

    while (s->state < LLM_SSE_LINE) {

        if (in->p == in->last) {
            return LLM_OK;
        }

        if (*in->p != llm_sse_bom[s->state]) {
            n = s->state;
            s->state = LLM_SSE_LINE;

            return llm_sse_append(s, llm_sse_bom, n);
        }

        in->p++;
        s->state++;
    }

    return LLM_OK;
}


int
llm_sse_feed(llm_sse_t *s, const unsigned char *data, size_t len)
{
    int              rc;
    llm_sse_input_t  in;

    if (len == 0) {
        return LLM_OK;
    }

    in.sse = s;
    in.start = data;
    in.p = data;
    in.last = data + len;
    in.text.data = NULL;
    in.text.len = 0;

    s->consumed += len;
    s->start = 0;

    if (s->state < LLM_SSE_LINE && llm_sse_start(&in) != LLM_OK) {
        return LLM_ERROR;
    }

    if (s->cr) {
        s->cr = 0;
        in.p += (*in.p == '\n');
    }

    in.lf = llm_sse_find(in.p, in.last, '\n');
    in.cr = llm_sse_find(in.p, in.last, '\r');

    while (in.p < in.last) {
        rc = llm_sse_next(&in);

        if (rc != LLM_OK) {
            return rc;
        }
    }

    return llm_sse_keep(&in);
}


int
llm_sse_finish(llm_sse_t *s)
{
    int              rc;
    llm_sse_input_t  in;

    memset(&in, 0, sizeof(llm_sse_input_t));

    in.sse = s;

    if (s->len > s->data_len && s->state != LLM_SSE_SKIP) {
        rc = llm_sse_line(&in, s->buf + s->data_len, s->len - s->data_len, 1);

        if (rc != LLM_OK) {
            return rc;
        }
    }

    s->state = LLM_SSE_LINE;

    return llm_sse_dispatch(&in);
}


int
llm_sse_at_boundary(const llm_sse_t *s)
{
    return llm_sse_clean(s) || s->consumed == 0;
}
