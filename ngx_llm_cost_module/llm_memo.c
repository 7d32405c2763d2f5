
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "llm_memo_region.h"


/* The table of the memo: sets of entries, read and written without a lock. */


#define llm_memo_load(p)      __atomic_load_n(p, __ATOMIC_RELAXED)
#define llm_memo_store(p, v)  __atomic_store_n(p, v, __ATOMIC_RELAXED)


static int llm_memo_random(void *p, size_t size);
static void llm_memo_follow(llm_memo_view_t *view, const llm_memo_key_t *key);
static unsigned llm_memo_find(llm_memo_set_t *set, const llm_memo_key_t *key,
    uint64_t *count);
static unsigned llm_memo_victim(llm_memo_set_t *set);


llm_memo_t *
llm_memo_create(void *mem, size_t size)
{
    unsigned     i;
    llm_memo_t  *m;

    m = mem;

    if (size < LLM_MEMO_SETS_OFF + sizeof(llm_memo_set_t)) {
        return NULL;
    }

    memset(mem, 0, size);

    if (llm_memo_random(&m->secret, sizeof(llm_memo_secret_t)) != LLM_OK) {
        return NULL;
    }

    for (i = 0; i < 2; i++) {
        m->secret.r[i] &= LLM_MEMO_POINT;
        m->secret.s[i] &= LLM_MEMO_POINT;
    }

    m->magic = LLM_MEMO_MAGIC;
    m->version = LLM_MEMO_VERSION;
    m->header_size = sizeof(llm_memo_t);
    m->size = size;
    m->sets = (size - LLM_MEMO_SETS_OFF) / sizeof(llm_memo_set_t);

    return m;
}


llm_memo_t *
llm_memo_attach(void *mem, size_t size, const char **err)
{
    llm_memo_t  *m;

    m = mem;

    if (size < sizeof(llm_memo_t) || m->magic != LLM_MEMO_MAGIC) {
        *err = "it has no memo of token counts";
        return NULL;
    }

    if (m->version != LLM_MEMO_VERSION || m->header_size != sizeof(llm_memo_t)
        || m->size != size)
    {
        *err = "its memo of token counts is of another version";
        return NULL;
    }

    return m;
}


/* there is no second best: a key that can be guessed makes counts forgeable */

static int
llm_memo_random(void *p, size_t size)
{
    ssize_t         n;
    unsigned char  *to;

    for (to = p; size; to += n, size -= (size_t) n) {

        n = getrandom(to, size, 0);

        if (n < 0) {
            if (errno != EINTR) {
                return LLM_ERROR;
            }

            n = 0;
        }
    }

    return LLM_OK;
}


void
llm_memo_open(llm_memo_t *m, llm_memo_view_t *view)
{
    view->memo = m;
    view->last = 0;
    view->nh = llm_memo_nh_best();
    view->generation = __atomic_add_fetch(&m->generation, 1,
                                          __ATOMIC_RELAXED);
}


size_t
llm_memo_count(llm_counter_t *c, const unsigned char *text, size_t len)
{
    size_t            n;
    unsigned          estimate;
    llm_memo_key_t    key;
    llm_memo_view_t  *view;

    if (len < LLM_MEMO_MIN) {
        return llm_counter_plain(c, text, len);
    }

    view = c->data;

    llm_memo_key(view, c->vocab, text, len, &key);

    n = (size_t) llm_memo_get(view->memo, &key);
    llm_memo_follow(view, &key);

    if (n == 0) {
        estimate = c->estimate;
        c->estimate = 0;
        n = llm_counter_plain(c, text, len);

        /* what is not exact must say so the next time, too */

        if (!c->estimate) {
            llm_memo_put(view->memo, &key, n);
        }

        c->estimate |= estimate;
    }

    return n;
}


/* whoever counts this text will probably count the same one after it again */

static void
llm_memo_follow(llm_memo_view_t *view, const llm_memo_key_t *key)
{
    char            *next;
    uint32_t         place;
    llm_memo_set_t  *sets;

    sets = llm_memo_sets(view->memo);
    place = (uint32_t) llm_memo_place(view->memo, key);

    if (llm_memo_load(&sets[view->last].next) != place) {
        llm_memo_store(&sets[view->last].next, place);
    }

    view->last = place;
    next = (char *) &sets[llm_memo_load(&sets[place].next)];

    __builtin_prefetch(next);
    __builtin_prefetch(next + sizeof(llm_memo_set_t) / 2);
}


uint64_t
llm_memo_get(llm_memo_t *m, const llm_memo_key_t *key)
{
    uint32_t         used;
    uint64_t         count;
    unsigned         i;
    llm_memo_set_t  *set;

    set = &llm_memo_sets(m)[llm_memo_place(m, key)];

    i = llm_memo_find(set, key, &count);

    if (i == LLM_MEMO_WAYS) {
        return 0;
    }

    /* a line that need not be written stays shared between processors */

    used = llm_memo_load(&set->used);

    if (!(used >> i & 1)) {
        llm_memo_store(&set->used, (uint16_t) (used | 1 << i));
    }

    return count;
}


void
llm_memo_put(llm_memo_t *m, const llm_memo_key_t *key, uint64_t count)
{
    uint64_t           known;
    llm_memo_set_t    *set;
    llm_memo_entry_t  *e;

    set = &llm_memo_sets(m)[llm_memo_place(m, key)];

    /* two workers may count one text at the same time */

    if (count == 0 || llm_memo_find(set, key, &known) != LLM_MEMO_WAYS) {
        return;
    }

    e = &set->entries[llm_memo_victim(set)];

    llm_memo_store(&e->h[0], key->h[0] - count);
    llm_memo_store(&e->h[1], key->h[1] - count);
    llm_memo_store(&e->count, count);
}


/* the words may be of several entries: a count is taken if both others agree */

static unsigned
llm_memo_find(llm_memo_set_t *set, const llm_memo_key_t *key, uint64_t *count)
{
    uint64_t           c;
    unsigned           i;
    llm_memo_entry_t  *e;

    for (i = 0; i < LLM_MEMO_WAYS; i++) {
        e = &set->entries[i];
        c = llm_memo_load(&e->count);

        if (c && llm_memo_load(&e->h[0]) + c == key->h[0]
            && llm_memo_load(&e->h[1]) + c == key->h[1])
        {
            *count = c;
            break;
        }
    }

    return i;
}


static unsigned
llm_memo_victim(llm_memo_set_t *set)
{
    uint32_t  used;
    unsigned  i, n;

    for (i = 0; i < LLM_MEMO_WAYS; i++) {
        if (llm_memo_load(&set->entries[i].count) == 0) {
            return i;
        }
    }

    used = llm_memo_load(&set->used);

    if ((used & LLM_MEMO_ALL) == LLM_MEMO_ALL) {
        used = 0;
        llm_memo_store(&set->used, 0);
    }

    i = llm_memo_load(&set->hand);

    for (n = 0; n < LLM_MEMO_WAYS; n++) {
        i = (i + 1) % LLM_MEMO_WAYS;

        if (!(used & ((uint32_t) 1 << i))) {
            break;
        }
    }

    llm_memo_store(&set->hand, i);

    return i;
}
