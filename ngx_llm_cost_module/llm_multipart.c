
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#define _GNU_SOURCE             /* memmem() */

#include "llm_multipart.h"

#include <string.h>
#include <strings.h>


static int
llm_multipart_bad(llm_multipart_t *m, const char *err)
{
    m->err = err;

    return LLM_BAD;
}


static int
llm_multipart_starts(const unsigned char *p, const unsigned char *last,
    const char *s)
{
    size_t  n;

    n = strlen(s);

    return (size_t) (last - p) >= n
           && strncasecmp((const char *) p, s, n) == 0;
}


static const unsigned char *
llm_multipart_blank(const unsigned char *p, const unsigned char *last)
{
    while (p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    return p;
}


int
llm_multipart_is(const llm_str_t *type)
{
    size_t  n;

    n = sizeof("multipart/form-data") - 1;

    return llm_multipart_starts(type->data, type->data + type->len,
                                "multipart/form-data")
           && (type->len == n || strchr("; \t", type->data[n]) != NULL);
}


/*
 * A value from where it begins, with or without quotes.  Returns what is behind
 * it; NULL: its quote does not end.
 */

static const unsigned char *
llm_multipart_value(const unsigned char *p, const unsigned char *last,
    llm_str_t *value, int *escaped)
{
    *escaped = 0;

    if (p == last || *p != '"') {
        value->data = (unsigned char *) p;

        while (p < last && *p != ';' && *p != ' ' && *p != '\t') {
            p++;
        }

        value->len = p - value->data;

        return p;
    }

    value->data = (unsigned char *) ++p;

    for ( /* void */ ; p < last && *p != '"'; p++) {

        if (*p == '\\') {
            *escaped = 1;
            p += (p + 1 < last);
        }
    }

    value->len = p - value->data;

    return p == last ? NULL : p + 1;
}


/*
 * The next parameter of a header's value, "; name=value" or with quotes.  A
 * quoted value that holds a backslash is read in two ways by those who read
 * it; only a file's name may have one.
 */

static int
llm_multipart_param(llm_multipart_t *m, const unsigned char **at,
    const unsigned char *last, llm_str_t *name, llm_str_t *value)
{
    int                   escaped;
    const unsigned char  *p;

    p = llm_multipart_blank(*at, last);

    if (p == last) {
        return LLM_DECLINED;
    }

    if (*p++ != ';') {
        return llm_multipart_bad(m, "has a malformed header");
    }

    p = llm_multipart_blank(p, last);

    if (p == last) {
        return LLM_DECLINED;
    }

    name->data = (unsigned char *) p;

    while (p < last && *p != '=' && *p != ';' && *p != ' ') {
        p++;
    }

    name->len = p - name->data;

    if (p == last || *p++ != '=') {
        return llm_multipart_bad(m, "has a malformed header");
    }

    p = llm_multipart_value(p, last, value, &escaped);

    if (p == NULL) {
        return llm_multipart_bad(m, "has a malformed header");
    }

    *at = p;

    if (escaped && !llm_multipart_starts(name->data, name->data + name->len,
                                         "filename"))
    {
        return llm_multipart_bad(m, "has an escaped character in a name");
    }

    return LLM_OK;
}


static int
llm_multipart_named(const llm_str_t *name, const char *s)
{
    return name->len == strlen(s)
           && strncasecmp((const char *) name->data, s, name->len) == 0;
}


int
llm_multipart_init(llm_multipart_t *m, const llm_str_t *type,
    const llm_str_t *body)
{
    int                   rc;
    llm_str_t             name, value, boundary;
    const unsigned char  *p, *last;

    memset(m, 0, sizeof(llm_multipart_t));

    boundary.len = 0;
    boundary.data = NULL;

    p = type->data + sizeof("multipart/form-data") - 1;
    last = type->data + type->len;

    for ( ;; ) {
        rc = llm_multipart_param(m, &p, last, &name, &value);

        if (rc == LLM_DECLINED) {
            break;
        }

        if (rc != LLM_OK) {
            return llm_multipart_bad(m, "is malformed");
        }

        if (llm_multipart_named(&name, "boundary")) {

            if (boundary.data) {
                return llm_multipart_bad(m, "has two boundaries");
            }

            boundary = value;
        }
    }

    if (boundary.len == 0 || boundary.len > LLM_MULTIPART_BOUNDARY) {
        return llm_multipart_bad(m, "has no boundary that can be used");
    }

    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.data, boundary.len);
    m->len = boundary.len + 4;

    m->p = body->data;
    m->last = body->data + body->len;

    /* nothing may stand in front of the first part */

    if (body->len < m->len - 2
        || memcmp(m->p, m->delimiter + 2, m->len - 2) != 0)
    {
        return llm_multipart_bad(m, "does not begin with its boundary");
    }

    m->p += m->len - 2;

    return LLM_OK;
}


static int
llm_multipart_disposition(llm_multipart_t *m, const unsigned char *p,
    const unsigned char *last, llm_part_t *part)
{
    int        rc;
    llm_str_t  name, value;

    p = llm_multipart_blank(p, last);

    if (part->name.data || !llm_multipart_starts(p, last, "form-data")) {
        return llm_multipart_bad(m, "has a part that is no form-data");
    }

    p += sizeof("form-data") - 1;

    for ( ;; ) {
        rc = llm_multipart_param(m, &p, last, &name, &value);

        if (rc == LLM_DECLINED) {
            break;
        }

        if (rc != LLM_OK) {
            return rc;
        }

        if (llm_multipart_named(&name, "name")) {

            if (part->name.data) {
                return llm_multipart_bad(m, "has a part with two names");
            }

            part->name = value;

        } else if (llm_multipart_named(&name, "name*")) {
            return llm_multipart_bad(m, "has an encoded name");

        } else if (llm_multipart_starts(name.data, name.data + name.len,
                                        "filename"))
        {
            part->file = 1;
        }
    }

    return part->name.data ? LLM_OK
                           : llm_multipart_bad(m, "has a part without a name");
}


/* a coding would hide what is in the part */

static int
llm_multipart_coding(llm_multipart_t *m, const unsigned char *p,
    const unsigned char *last)
{
    llm_str_t  s;

    p = llm_multipart_blank(p, last);

    s.data = (unsigned char *) p;
    s.len = last - p;

    return (llm_multipart_named(&s, "binary") || llm_multipart_named(&s, "7bit")
            || llm_multipart_named(&s, "8bit"))
           ? LLM_OK : llm_multipart_bad(m, "has a part that is encoded");
}


static int
llm_multipart_head(llm_multipart_t *m, const unsigned char *end,
    llm_part_t *part)
{
    int                   rc;
    const unsigned char  *p, *eol;

    for (p = m->p; p < end; p = eol + 2) {

        eol = memmem(p, end - p, "\r\n", 2);
        rc = LLM_OK;

        if (*p == ' ' || *p == '\t' || eol == NULL) {
            return llm_multipart_bad(m, "has a malformed header");
        }

        if (llm_multipart_starts(p, eol, "content-disposition:")) {
            rc = llm_multipart_disposition(m, p
                                     + sizeof("content-disposition:") - 1,
                                     eol, part);

        } else if (llm_multipart_starts(p, eol,
                                        "content-transfer-encoding:"))
        {
            rc = llm_multipart_coding(m, p
                                      + sizeof("content-transfer-encoding:")
                                      - 1, eol);
        }

        if (rc != LLM_OK) {
            return rc;
        }
    }

    return part->name.data ? LLM_OK
                           : llm_multipart_bad(m, "has a part without a name");
}


int
llm_multipart_next(llm_multipart_t *m, llm_part_t *part)
{
    int                   rc;
    size_t                left;
    const unsigned char  *end;

    memset(part, 0, sizeof(llm_part_t));

    left = m->last - m->p;

    if (left >= 2 && memcmp(m->p, "--", 2) == 0) {
        return LLM_DECLINED;
    }

    if (left < 2 || memcmp(m->p, "\r\n", 2) != 0) {
        return llm_multipart_bad(m, "is cut short");
    }

    if (++m->parts > LLM_MULTIPART_PARTS) {
        return llm_multipart_bad(m, "has too many parts");
    }

    m->p += 2;
    left -= 2;

    if (left > LLM_MULTIPART_HEAD) {
        left = LLM_MULTIPART_HEAD;
    }

    end = memmem(m->p, left, "\r\n\r\n", 4);

    if (end == NULL) {
        return llm_multipart_bad(m, "has a malformed header");
    }

    rc = llm_multipart_head(m, end + 2, part);
    if (rc != LLM_OK) {
        return rc;
    }

    end += 4;
    part->data.data = (unsigned char *) end;

    m->p = memmem(end, m->last - end, m->delimiter, m->len);

    if (m->p == NULL) {
        return llm_multipart_bad(m, "is cut short");
    }

    part->data.len = m->p - end;
    m->p += m->len;

    return LLM_OK;
}
