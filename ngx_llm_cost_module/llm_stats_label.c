
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Labels of the statistics: a chained hash over fixed slots, and what a text
 * must look like to be one.
 */

#include <stdio.h>
#include <string.h>

#include "llm_stats_region.h"
#include "llm_utf8.h"


/* small fields, then the text, zero-padded */
#define LLM_LABEL_WORDS      (1 + LLM_STATS_LABEL / 8)

#define llm_label_bucket(st, hash)                                            \
    ((uint32_t *) llm_stats_at(st, label_buckets_off)                         \
     + (((uint64_t) (hash) * (st)->labels_max) >> 32))


static uint32_t llm_label_link(llm_stats_t *st, uint32_t i);
static uint32_t llm_label_find(llm_stats_t *st, uint32_t hash, uint8_t dim,
    const unsigned char *text, size_t len, uint32_t tag);


size_t
llm_stats_cut(unsigned char *buf, const llm_str_t *text)
{
    char      hex[9];
    size_t    n, i;
    uint64_t  hash, word, seed[2] = { 0, 0 };

    if (text->len <= LLM_STATS_LABEL) {
        memcpy(buf, text->data, text->len);
        llm_utf8_clean(buf, text->len);
        return text->len;
    }

    /* the same text has the same label on all nodes */

    hash = text->len;

    for (i = 0; i < text->len; i += 8) {
        word = 0;
        n = text->len - i < 8 ? text->len - i : 8;
        memcpy(&word, text->data + i, n);
        seed[1] = hash;
        hash = llm_shm_hash(seed, &word, 1);
    }

    n = LLM_STATS_LABEL - 9;

    /* not in the middle of a character */

    while (n > LLM_STATS_LABEL - 13 && (text->data[n] & 0xc0) == 0x80) {
        n--;
    }

    snprintf(hex, sizeof(hex), "%08x", (unsigned) (hash & 0xffffffff));

    memcpy(buf, text->data, n);
    llm_utf8_clean(buf, n);
    buf[n] = '~';
    memcpy(buf + n + 1, hex, 8);

    return n + 9;
}


uint32_t
llm_label_get(llm_stats_t *st, uint8_t dim, const llm_str_t *text,
    uint32_t tag)
{
    size_t              len;
    uint32_t            i, hash;
    uint64_t            words[LLM_LABEL_WORDS];
    unsigned char      *p;
    llm_stats_label_t  *lb;

    memset(words, 0, sizeof(words));

    p = (unsigned char *) &words[1];
    len = llm_stats_cut(p, text);
    words[0] = dim | len << 8 | (uint64_t) tag << 32;
    hash = (uint32_t) llm_shm_hash(st->seed, words, 1 + (len + 7) / 8);

    i = llm_label_find(st, hash, dim, p, len, tag);

    if (i != 0) {
        return i;
    }

    if (st->labels_free != 0) {
        i = st->labels_free;

    } else if (st->labels_top < st->labels_max) {
        i = st->labels_top + 1;

    } else {
        return 0;
    }

    /* out of reach until the commit */

    lb = llm_stats_label(st, i);
    lb->hash = hash;
    lb->refs = 0;
    lb->row = 0;
    lb->gen++;
    lb->tag = tag;
    lb->dim = dim;
    lb->len = len;
    memcpy(lb->text, p, LLM_STATS_LABEL);

    return llm_label_link(st, i);
}


/* 0: not done */

static uint32_t
llm_label_link(llm_stats_t *st, uint32_t i)
{
    uint32_t           *bucket;
    llm_stats_label_t  *lb, *tag;

    lb = llm_stats_label(st, i);

    if (i == st->labels_free) {
        llm_redo_set32(&st->redo, &st->labels_free, lb->next);

    } else {
        llm_redo_set32(&st->redo, &st->labels_top, i);
    }

    bucket = llm_label_bucket(st, lb->hash);

    llm_redo_set32(&st->redo, &lb->next, *bucket);
    llm_redo_set32(&st->redo, bucket, i);
    llm_redo_set32(&st->redo, &st->labels_used, st->labels_used + 1);

    if (lb->tag) {
        tag = llm_stats_label(st, lb->tag);
        llm_redo_set32(&st->redo, &tag->refs, tag->refs + 1);
    }

    return llm_redo_commit(&st->redo) == LLM_OK ? i : 0;
}


static uint32_t
llm_label_find(llm_stats_t *st, uint32_t hash, uint8_t dim,
    const unsigned char *text, size_t len, uint32_t tag)
{
    uint32_t            i;
    llm_stats_label_t  *lb;

    for (i = *llm_label_bucket(st, hash); i != 0; i = lb->next) {
        lb = llm_stats_label(st, i);

        if (lb->hash == hash && lb->dim == dim && lb->tag == tag
            && lb->len == len && memcmp(lb->text, text, len) == 0)
        {
            return i;
        }
    }

    return 0;
}


void
llm_label_drop(llm_stats_t *st, uint32_t i)
{
    uint32_t            tag, *link;
    llm_stats_label_t  *lb, *name;

    while (i != 0) {
        lb = llm_stats_label(st, i);

        if (lb->refs != 0) {
            return;
        }

        link = llm_label_bucket(st, lb->hash);

        while (*link != i) {
            link = &llm_stats_label(st, *link)->next;
        }

        tag = lb->tag;

        llm_redo_set32(&st->redo, link, lb->next);
        llm_redo_set32(&st->redo, &lb->next, st->labels_free);
        llm_redo_set32(&st->redo, &st->labels_free, i);
        llm_redo_set32(&st->redo, &st->labels_used, st->labels_used - 1);

        if (tag) {
            name = llm_stats_label(st, tag);
            llm_redo_set32(&st->redo, &name->refs, name->refs - 1);
        }

        (void) llm_redo_commit(&st->redo);

        i = tag;
    }
}
