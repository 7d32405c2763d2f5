/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Opening vocabulary images, and what can be read off them.
 *
 * A file may say anything.  After llm_vocab_open() no index in the tables that
 * counting follows leads out of them, and every chain of tokens ends; the
 * texts of tokens are checked when they are read, which is rare.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "llm_tok_piece.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>


static void
llm_tok_sections(llm_vocab_t *v)
{
    const char      *base;
    const uint64_t  *at;

    base = (const char *) v->image;
    at = v->image->offset;

    v->byte = (const uint32_t *) (base + at[LLM_TOK_SEC_BYTE]);
    v->root = (const uint64_t *) (base + at[LLM_TOK_SEC_ROOT]);
    v->node = (const uint64_t *) (base + at[LLM_TOK_SEC_NODE]);
    v->rec = (const uint64_t *) (base + at[LLM_TOK_SEC_REC]);
    v->pair = (const uint64_t *) (base + at[LLM_TOK_SEC_PAIR]);
    v->filter = (const uint64_t *) (base + at[LLM_TOK_SEC_FILTER]);
    v->whole = (const llm_tok_entry_t *) (base + at[LLM_TOK_SEC_WHOLE]);
    v->tiny = (const uint64_t *) (base + at[LLM_TOK_SEC_TINY]);
    v->ids = (const uint32_t *) (base + at[LLM_TOK_SEC_IDS]);
    v->near = (const uint64_t *) (base + at[LLM_TOK_SEC_NEAR]);
    v->border = (const uint64_t *) (base + at[LLM_TOK_SEC_BORDER]);
    v->wide = (const uint64_t *) (base + at[LLM_TOK_SEC_WIDE]);
    v->wide_at = (const uint16_t *) (base + at[LLM_TOK_SEC_WIDE_AT]);
    v->named = (const uint32_t *) (base + at[LLM_TOK_SEC_NAMED]);
    v->ofs = (const uint32_t *) (base + at[LLM_TOK_SEC_OFS]);
    v->by_id = (const uint32_t *) (base + at[LLM_TOK_SEC_BY_ID]);
    v->rank = (const uint32_t *) (base + at[LLM_TOK_SEC_RANK]);
    v->except = (const uint32_t *) (base + at[LLM_TOK_SEC_EXCEPT]);
    v->join = (const uint64_t *) (base + at[LLM_TOK_SEC_JOIN]);
    v->user = (const uint32_t *) (base + at[LLM_TOK_SEC_USER]);
    v->text = base + at[LLM_TOK_SEC_TEXT];

    v->filter_mask = (1ULL << v->image->filter_bits) - 1;
    v->buckets = v->image->buckets;
    v->special_ids = v->ids + v->image->tokens;

    if (v->image->by_id == 0) {
        v->special_ids = v->ids;
        v->ids = NULL;
    }

    v->seed = v->image->seed;
    v->grammar = v->image->grammar;
    v->nfc = v->image->flags & (LLM_TOK_NFC | LLM_TOK_NFKC);
    v->chars = (v->image->flags & LLM_TOK_CHARS) != 0;
    v->prepend = (v->image->flags & LLM_TOK_PREPEND)
                 && v->grammar == LLM_TOK_JOIN;
}


/*
 * How many tokens, from the first one on, have the rank that their index says:
 * those are not looked up.
 */

static uint32_t
llm_tok_regular(const llm_vocab_t *v)
{
    uint32_t  i, n, other;

    n = v->image->tokens;

    if (v->image->ranks == 0) {
        return n;
    }

    while (n > 0 && (v->rec[n - 1] & LLM_TOK_IRREGULAR)) {
        n--;
    }

    for (i = 0, other = 0; i < n; i++) {
        other |= v->rank[i] ^ i * LLM_TOK_BETWEEN;
    }

    return other ? 0 : n;
}


/*
 * Asks for large pages, which a file system that has them gives if the file is
 * not in memory yet.  Not for all pages at once: the checks touch each of them,
 * and the kernel maps 16 of them a fault, for half of what it takes to look
 * after each one (0.3 instead of 0.55 ms for 10 MB in small pages).
 */

static void
llm_tok_large_pages(void *p, size_t size)
{
#ifdef MADV_HUGEPAGE
    (void) madvise(p, size, MADV_HUGEPAGE);
#else
    (void) p;
    (void) size;
#endif
}


/* returns NULL or a sentence; the mapping is v's in both cases */

static const char *
llm_tok_map(llm_vocab_t *v, int fd, char *why, size_t size)
{
    void         *p;
    const char   *wrong;
    struct stat   st;

    if (fstat(fd, &st) != 0) {
        return strerror(errno);
    }

    if (!S_ISREG(st.st_mode)) {
        return "is not a regular file";
    }

    if ((uint64_t) st.st_size < sizeof(llm_tok_image_t)) {
        return "is not a vocabulary image";
    }

    p = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        return strerror(errno);
    }

    llm_tok_large_pages(p, (size_t) st.st_size);

    v->image = p;
    v->mapped = (size_t) st.st_size;

    wrong = llm_tok_check_magic(v->image, v->mapped);
    if (wrong) {
        return wrong;
    }

    wrong = llm_tok_check_header(v->image, v->mapped);
    if (wrong == NULL) {
        llm_tok_sections(v);
    }

    wrong = llm_tok_check_contents(v, wrong);

    if (wrong == NULL) {
        v->regular = llm_tok_regular(v);

        if (v->grammar == LLM_TOK_JOIN) {
            llm_tok_join_init(v);
        }
    }

    if (wrong || v->grammar != LLM_TOK_REGEX) {
        return wrong;
    }

    v->regex = llm_tok_regex_open((const char *) v->image
                                  + v->image->offset[LLM_TOK_SEC_PATTERN],
                                  v->image->pattern, why, size);

    return v->regex ? NULL : why;
}


int
llm_vocab_open(llm_vocab_t **vp, const char *path, char *err,
    size_t errsize)
{
    int           fd;
    char          why[256];
    const char   *wrong;
    llm_vocab_t  *v;

    *vp = NULL;

    v = calloc(1, sizeof(llm_vocab_t));
    if (v == NULL) {
        (void) snprintf(err, errsize, "no memory to open \"%s\"", path);
        return -1;
    }

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd == -1) {
        (void) snprintf(err, errsize, "cannot open \"%s\": %s", path,
                        strerror(errno));
        free(v);
        return -1;
    }

    wrong = llm_tok_map(v, fd, why, sizeof(why));
    (void) close(fd);

    if (wrong) {
        (void) snprintf(err, errsize, "\"%s\": %s", path, wrong);
        llm_vocab_close(v);
        return -1;
    }

    *vp = v;

    return 0;
}


void
llm_vocab_close(llm_vocab_t *v)
{
    if (v == NULL) {
        return;
    }

    llm_tok_regex_close(v->regex);

    if (v->image) {
        (void) munmap((void *) (uintptr_t) v->image, v->mapped);
    }

    free(v);
}


const char *
llm_vocab_name(const llm_vocab_t *v)
{
    return v->image->name;
}


size_t
llm_vocab_size(const llm_vocab_t *v)
{
    return v->image->ids;
}


/*
 * The place of an id among n that ascend, or n; at names their indexes, NULL if
 * those are the places.
 */

static size_t
llm_tok_place(const uint32_t *ids, const uint32_t *at, size_t n,
    uint32_t id)
{
    size_t  low, high, middle;

    for (low = 0, high = n; low < high; ) {
        middle = low + (high - low) / 2;

        if (ids[at ? at[middle] : middle] < id) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    return low < n && ids[at ? at[low] : low] == id ? low : n;
}


/* the index of an id, or what the number of all is */

static size_t
llm_tok_index(const llm_vocab_t *v, uint32_t id)
{
    size_t  at, tokens, specials;

    tokens = v->image->tokens;
    specials = v->image->specials;

    if (v->image->by_id) {
        at = llm_tok_place(v->ids, v->by_id, tokens + specials, id);

        return at < tokens + specials ? v->by_id[at] : at;
    }

    return id < tokens ? id
                       : tokens + llm_tok_place(v->special_ids, NULL,
                                                specials, id);
}


const char *
llm_tok_name(const llm_vocab_t *v, size_t n, size_t *len)
{
    uint32_t  from, to;

    from = v->ofs[n];
    to = v->ofs[n + 1];

    if (from > to || to > v->image->text) {
        from = 0;
        to = 0;
    }

    *len = to - from;

    return v->text + from;
}


/* the number of a token's name, or SIZE_MAX; bytes come first nearly always */

static size_t
llm_tok_name_of(const llm_vocab_t *v, size_t token)
{
    size_t  n;

    if (token < v->image->named && v->named[token] == token) {
        return token;
    }

    n = llm_tok_place(v->named, NULL, v->image->named, (uint32_t) token);

    return n < v->image->named ? n : SIZE_MAX;
}


/*
 * Left halves first; the right ones wait.  An image may lie: parts may have no
 * bytes, or be the whole.  Each name ends a turn and there are not more turns
 * than a token has bytes, nor more right halves that wait.
 */

size_t
llm_tok_spell(const llm_vocab_t *v, size_t index, char *out)
{
    size_t       name, turns, waiting, at, len;
    uint32_t     wait[LLM_TOK_MAX_TOKEN];
    const char  *text;

    waiting = 0;
    turns = 0;
    at = 0;

    for ( ;; ) {
        name = index < v->image->tokens
               ? llm_tok_name_of(v, index)
               : index - v->image->tokens + v->image->named;

        if (name == SIZE_MAX && waiting < LLM_TOK_MAX_TOKEN) {
            wait[waiting++] = llm_tok_right(v->rec[index]);
            index = llm_tok_left(v->rec[index]);
            continue;
        }

        if (name == SIZE_MAX) {
            return at;
        }

        text = llm_tok_name(v, name, &len);
        len = len < LLM_TOK_MAX_TOKEN - at ? len : LLM_TOK_MAX_TOKEN - at;
        memcpy(out + at, text, len);
        at += len;

        if (waiting == 0 || ++turns == LLM_TOK_MAX_TOKEN) {
            return at;
        }

        index = wait[--waiting];
    }
}


size_t
llm_tok_far_length(const llm_vocab_t *v, uint32_t token)
{
    size_t  name, len;

    name = llm_tok_name_of(v, token);

    if (name == SIZE_MAX) {
        return 0;
    }

    (void) llm_tok_name(v, name, &len);

    return len;
}


size_t
llm_tok_exception(const llm_vocab_t *v, const uint8_t *p, size_t n)
{
    size_t       i, len;
    uint32_t     at, mask, all, name;
    const char  *text;

    if (v->image->except_bits == 0 || n > LLM_TOK_MAX_TOKEN) {
        return SIZE_MAX;
    }

    all = v->image->named + v->image->specials;
    mask = (1u << v->image->except_bits) - 1;
    at = llm_tok_text_hash(p, n);

    for (i = 0; i < LLM_TOK_PROBES; i++) {
        if (v->except[(at + i) & mask] - 1 >= all) {
            break;
        }

        name = v->except[(at + i) & mask] - 1;
        text = llm_tok_name(v, name, &len);

        if (len == n && memcmp(text, p, n) == 0) {
            return name < v->image->named
                   ? v->named[name]
                   : name - v->image->named + v->image->tokens;
        }
    }

    return SIZE_MAX;
}


size_t
llm_decode(const llm_vocab_t *v, const uint32_t *ids, size_t n, char *out,
    size_t max)
{
    size_t  i, at, len, room, written, all;
    char    text[LLM_TOK_MAX_TOKEN];

    all = (size_t) v->image->tokens + v->image->specials;
    written = 0;

    for (i = 0; i < n; i++) {
        at = llm_tok_index(v, ids[i]);

        if (at == all) {
            continue;
        }

        len = llm_tok_spell(v, at, text);

        if (written < max) {
            room = max - written;
            memcpy(out + written, text, len < room ? len : room);
        }

        written += len;
    }

    return written;
}
