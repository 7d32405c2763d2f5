
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The second part of a ledger's file: what a boot finds.
 *
 * A batch holds all lines that were changed since the last one, copied under
 * the ledger's lock: it leads from one moment of the ledger to another.  The
 * bits of changed lines move from the region's first bitmap to its second when
 * they are copied, and leave that when the batch is on the disk: whoever
 * follows a sync that was killed takes them along.
 *
 * When the log is full its batches go into the base.  Until the base's mark
 * says so, the log holds them too, and a boot applies them again.
 *
 * Nothing is put behind a batch that cannot be read any more: a boot would not
 * find it.  The region is right as long as the machine runs, and becomes the
 * base as a whole then.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "llm_ledger_disk.h"


typedef struct {
    unsigned char   *buf;
    size_t           size;            /* allocated */
    size_t           used;
    uint32_t         n;               /* lines */
} llm_batch_t;


static int llm_batch_collect(llm_ledger_t *l, llm_batch_t *b);
static uint32_t llm_batch_count(llm_ledger_t *l);
static void llm_batch_fill(llm_ledger_t *l, llm_batch_t *b);
static int llm_batch_write(llm_ledger_file_t *f, llm_batch_t *b);
static int llm_file_anew(llm_ledger_file_t *f);
static int llm_file_copy(llm_ledger_t *l, unsigned char *copy);
static int llm_file_base(llm_ledger_file_t *f, const unsigned char *copy);
static int llm_file_fold(llm_ledger_file_t *f);
static int llm_file_fold_batch(llm_ledger_file_t *f, const llm_file_batch_t *h,
    const unsigned char *buf);


int
llm_ledger_file_sync(llm_ledger_file_t *f)
{
    int                err;
    llm_batch_t        b;
    llm_file_state_t  *st;

    st = llm_file_state(f);

    switch (pthread_mutex_trylock(&st->mutex)) {

    case 0:
        break;

    case EOWNERDEAD:

        /* what it has not said to be done is done again */

        (void) pthread_mutex_consistent(&st->mutex);

        if (llm_file_recover(f, 0) != NULL) {

            /* full, for whoever comes next if that fails */

            st->log_pos = llm_file_log_size(f->region);

            err = llm_file_anew(f);

            pthread_mutex_unlock(&st->mutex);

            return err;
        }

        break;

    case EBUSY:
        return 0;

    default:
        return ENOTRECOVERABLE;
    }

    memset(&b, 0, sizeof(llm_batch_t));

    err = llm_batch_collect(f->ledger, &b);

    if (err == 0 && b.n) {
        err = llm_batch_write(f, &b);
    }

    free(b.buf);

    pthread_mutex_unlock(&st->mutex);

    return err;
}


/* no memory is asked for under the ledger's lock */

static int
llm_batch_collect(llm_ledger_t *l, llm_batch_t *b)
{
    size_t  size;

    for ( ;; ) {

        if (llm_ledger_lock(l) != LLM_OK) {
            return ENOTRECOVERABLE;
        }

        b->n = llm_batch_count(l);
        size = sizeof(llm_file_batch_t)
               + (size_t) b->n * (sizeof(uint32_t) + LLM_REDO_LINE);

        if (b->n == 0 || size <= b->size) {
            break;
        }

        llm_ledger_unlock(l);

        free(b->buf);

        b->size = size + size / 4;
        b->buf = malloc(b->size);

        if (b->buf == NULL) {
            return ENOMEM;
        }
    }

    b->used = size;

    if (b->n) {
        llm_batch_fill(l, b);
    }

    llm_ledger_unlock(l);

    return 0;
}


static uint32_t
llm_batch_count(llm_ledger_t *l)
{
    uint32_t   i, n;
    uint64_t  *dirty, *taken;

    dirty = (uint64_t *) llm_ledger_at(l, l->dirty_off);
    taken = (uint64_t *) llm_ledger_at(l, l->dirty_off + l->dirty_size);
    n = 0;

    for (i = 0; i < l->dirty_size / sizeof(uint64_t); i++) {
        if (dirty[i] | taken[i]) {
            n += __builtin_popcountll(dirty[i] | taken[i]);
        }
    }

    return n;
}


static void
llm_batch_fill(llm_ledger_t *l, llm_batch_t *b)
{
    uint32_t        i, line, *number;
    uint64_t        bits, *dirty, *taken;
    unsigned char  *p;

    dirty = (uint64_t *) llm_ledger_at(l, l->dirty_off);
    taken = (uint64_t *) llm_ledger_at(l, l->dirty_off + l->dirty_size);

    number = (uint32_t *) (b->buf + sizeof(llm_file_batch_t));
    p = (unsigned char *) (number + b->n);

    for (i = 0; i < l->dirty_size / sizeof(uint64_t); i++) {

        if (dirty[i] == 0 && taken[i] == 0) {
            continue;
        }

        /* first there, then gone here: a kill in between leaves both */

        taken[i] |= dirty[i];
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        dirty[i] = 0;

        for (bits = taken[i]; bits; bits &= bits - 1) {
            line = i * 64 + __builtin_ctzll(bits);

            *number++ = line;
            memcpy(p, llm_ledger_at(l, (size_t) line * LLM_REDO_LINE),
                   LLM_REDO_LINE);
            p += LLM_REDO_LINE;
        }
    }
}


static int
llm_batch_write(llm_ledger_file_t *f, llm_batch_t *b)
{
    int                err;
    llm_ledger_t      *l;
    llm_file_batch_t   h;
    llm_file_state_t  *st;

    l = f->ledger;
    st = llm_file_state(f);

    if (st->log_pos + b->used > llm_file_log_size(f->region)) {
        err = llm_file_fold(f);

        if (err == EBADMSG) {
            return llm_file_anew(f);
        }

        if (err) {
            return err;
        }
    }

    h.magic = LLM_FILE_BATCH;
    h.epoch = st->epoch + 1;
    h.n = b->n;
    h.crc = llm_file_crc(0, &h.epoch, sizeof(h.epoch) + sizeof(h.n));
    h.crc = llm_file_crc(h.crc, b->buf + sizeof(llm_file_batch_t),
                         b->used - sizeof(llm_file_batch_t));

    memcpy(b->buf, &h, sizeof(llm_file_batch_t));

    err = llm_file_write_through(f->fd, b->buf, b->used,
                                 llm_file_log_off(f->region) + st->log_pos);
    if (err) {
        return err;
    }

    st->epoch = h.epoch;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    st->log_pos += b->used;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);

    memset(llm_ledger_at(l, l->dirty_off + l->dirty_size), 0, l->dirty_size);

    return 0;
}


/*
 * All of the region becomes the base, and the log is empty.  There is no base
 * while it is written: a power loss then leaves a file that is refused, not one
 * of two moments.  EBADMSG: that is done, and there was a reason for it.
 */

static int
llm_file_anew(llm_ledger_file_t *f)
{
    int                err;
    llm_ledger_t      *l;
    unsigned char     *copy;
    llm_file_state_t  *st;

    l = f->ledger;
    st = llm_file_state(f);

    copy = malloc(l->dirty_off);
    if (copy == NULL) {
        return ENOMEM;
    }

    err = llm_file_copy(l, copy);

    if (err == 0) {
        err = llm_file_base(f, copy);
    }

    free(copy);

    if (err == 0) {
        err = llm_file_mark(f, st->epoch + 1);
    }

    if (err) {
        return err;
    }

    st->epoch++;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    st->log_pos = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);

    memset(llm_ledger_at(l, l->dirty_off + l->dirty_size), 0, l->dirty_size);

    return EBADMSG;
}


/*
 * The region at one moment, and with it the lines that have changed: they are
 * taken, and stay so until the base is complete.
 */

static int
llm_file_copy(llm_ledger_t *l, unsigned char *copy)
{
    size_t     i;
    uint64_t  *dirty, *taken;

    if (llm_ledger_lock(l) != LLM_OK) {
        return ENOTRECOVERABLE;
    }

    dirty = (uint64_t *) llm_ledger_at(l, l->dirty_off);
    taken = (uint64_t *) llm_ledger_at(l, l->dirty_off + l->dirty_size);

    for (i = 0; i < l->dirty_size / sizeof(uint64_t); i++) {
        taken[i] |= dirty[i];
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        dirty[i] = 0;
    }

    memcpy(copy, l, l->dirty_off);

    llm_ledger_unlock(l);

    return 0;
}


/* from the first write until it is marked again there is no base in the file */

static int
llm_file_base(llm_ledger_file_t *f, const unsigned char *copy)
{
    int  err;

    err = llm_file_unmark(f);

    if (err == 0) {
        err = llm_file_write(f->fd, copy, f->ledger->dirty_off,
                             llm_file_base_off(f->region));
    }

    if (err == 0 && fdatasync(f->fd) == -1) {
        err = errno;
    }

    return err;
}


/*
 * The log's batches go into the base, and the log begins anew.  EBADMSG: it is
 * damaged, or the base's marks are.
 */

static int
llm_file_fold(llm_ledger_file_t *f)
{
    int                err;
    uint64_t           pos, epoch;
    const char        *wrong;
    unsigned char     *buf;
    llm_file_batch_t   h;
    llm_file_state_t  *st;

    st = llm_file_state(f);

    if (llm_file_find_mark(f, &epoch) != 0) {
        return EBADMSG;
    }

    for (pos = 0; pos < st->log_pos; /* void */ ) {

        err = llm_file_batch_read(f, pos, &h, &buf, &wrong);
        if (err) {
            return (err == -1 || wrong) ? EBADMSG : err;
        }

        if (h.epoch > epoch) {
            err = llm_file_fold_batch(f, &h, buf);
        }

        free(buf);

        if (err) {
            return err;
        }

        pos += sizeof(llm_file_batch_t)
               + (size_t) h.n * (sizeof(uint32_t) + LLM_REDO_LINE);
    }

    if (fdatasync(f->fd) == -1) {
        return errno;
    }

    err = llm_file_mark(f, st->epoch);
    if (err) {
        return err;
    }

    st->log_pos = 0;

    return 0;
}


static int
llm_file_fold_batch(llm_ledger_file_t *f, const llm_file_batch_t *h,
    const unsigned char *buf)
{
    int                   err;
    uint32_t              i, k;
    const uint32_t       *number;
    const unsigned char  *lines;

    number = (const uint32_t *) buf;
    lines = buf + h->n * sizeof(uint32_t);

    for (i = 0; i < h->n; i = k) {

        /* neighbours are written at once */

        for (k = i + 1; k < h->n && number[k] == number[k - 1] + 1; k++) {
            /* void */
        }

        err = llm_file_write(f->fd, lines + (size_t) i * LLM_REDO_LINE,
                             (size_t) (k - i) * LLM_REDO_LINE,
                             llm_file_base_off(f->region)
                             + (uint64_t) number[i] * LLM_REDO_LINE);
        if (err) {
            return err;
        }
    }

    return 0;
}
