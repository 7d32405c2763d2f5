
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The second part of a ledger's file, read: the batches of the log, and what a
 * boot makes of them.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "llm_ledger_disk.h"


static const char *llm_file_replay(llm_ledger_file_t *f,
    unsigned char *region, uint64_t base, uint64_t *epoch, uint64_t *pos);
static int llm_file_batch_head(llm_ledger_file_t *f, uint64_t pos,
    llm_file_batch_t *h);
static void llm_batch_apply(unsigned char *region, const llm_file_batch_t *h,
    const unsigned char *buf);


const char *
llm_file_recover(llm_ledger_file_t *f, int boot)
{
    uint64_t           base, epoch, pos;
    const char        *wrong;
    unsigned char     *region;
    llm_file_state_t  *st;

    st = llm_file_state(f);
    region = f->map + LLM_FILE_REGION_OFF;

    if (llm_file_find_mark(f, &base) != 0) {
        return "the mark of its base is damaged";
    }

    if (boot && llm_file_read(f->fd, region, f->region,
                              llm_file_base_off(f->region))
                != 0)
    {
        return "its base cannot be read";
    }

    wrong = llm_file_replay(f, boot ? region : NULL, base, &epoch, &pos);
    if (wrong) {
        return wrong;
    }

    /* it is advanced when a batch is on the disk, so it is never ahead */

    if (st->epoch > epoch) {
        return "its log is damaged";
    }

    st->epoch = epoch;
    st->log_pos = epoch > base ? pos : 0;

    return NULL;
}


/*
 * The batches that follow one another from the log's beginning; region, if not
 * NULL, gets those that the base has not.  epoch: the last one, in base or log;
 * pos: where they end.  What is wrong, or NULL.
 */

static const char *
llm_file_replay(llm_ledger_file_t *f, unsigned char *region, uint64_t base,
    uint64_t *epoch, uint64_t *pos)
{
    int                err;
    uint64_t           next;
    const char        *wrong;
    unsigned char     *buf;
    llm_file_batch_t   h;

    *epoch = base;
    next = 0;

    for (*pos = 0; /* void */ ; /* void */ ) {

        err = llm_file_batch_read(f, *pos, &h, &buf, &wrong);

        if (err == -1 || (err == 0 && next && h.epoch != next)) {

            /* the end; what follows is older, or was being written */

            free(buf);
            return NULL;
        }

        if (err) {
            return wrong ? wrong : "its log cannot be read";
        }

        if (next == 0 && h.epoch > base + 1) {
            free(buf);
            return "its log does not go on where its base ends";
        }

        if (region && h.epoch > base) {
            llm_batch_apply(region, &h, buf);
        }

        free(buf);

        if (h.epoch > *epoch) {
            *epoch = h.epoch;
        }

        next = h.epoch + 1;
        *pos += sizeof(llm_file_batch_t)
                + (size_t) h.n * (sizeof(uint32_t) + LLM_REDO_LINE);
    }
}


/* its lines take the place of those that the region has */

static void
llm_batch_apply(unsigned char *region, const llm_file_batch_t *h,
    const unsigned char *buf)
{
    uint32_t              i;
    const uint32_t       *number;
    const unsigned char  *line;

    number = (const uint32_t *) buf;
    line = buf + h->n * sizeof(uint32_t);

    for (i = 0; i < h->n; i++) {
        memcpy(region + (size_t) number[i] * LLM_REDO_LINE,
               line + (size_t) i * LLM_REDO_LINE, LLM_REDO_LINE);
    }
}


int
llm_file_batch_read(llm_ledger_file_t *f, uint64_t pos, llm_file_batch_t *h,
    unsigned char **buf, const char **wrong)
{
    int             err;
    size_t          size;
    uint32_t        i, crc, *number;
    unsigned char  *p;

    *buf = NULL;
    *wrong = NULL;

    err = llm_file_batch_head(f, pos, h);
    if (err) {
        return err;
    }

    size = (size_t) h->n * (sizeof(uint32_t) + LLM_REDO_LINE);
    pos += sizeof(llm_file_batch_t);

    if (pos + size > llm_file_log_size(f->region)) {
        return -1;
    }

    p = malloc(size);
    if (p == NULL) {
        return ENOMEM;
    }

    err = llm_file_read(f->fd, p, size, llm_file_log_off(f->region) + pos);

    crc = llm_file_crc(0, &h->epoch, sizeof(h->epoch) + sizeof(h->n));
    crc = llm_file_crc(crc, p, size);

    if (err || crc != h->crc) {
        free(p);
        return err ? err : -1;
    }

    number = (uint32_t *) p;

    for (i = 0; i < h->n; i++) {
        if (number[i] >= f->region / LLM_REDO_LINE) {
            free(p);
            *wrong = "a change outside of the ledger";
            return EINVAL;
        }
    }

    *buf = p;

    return 0;
}


/* -1: there is none at pos, or it was not written to its end */

static int
llm_file_batch_head(llm_ledger_file_t *f, uint64_t pos, llm_file_batch_t *h)
{
    int  err;

    if (pos + sizeof(llm_file_batch_t) > llm_file_log_size(f->region)) {
        return -1;
    }

    err = llm_file_read(f->fd, h, sizeof(llm_file_batch_t),
                        llm_file_log_off(f->region) + pos);
    if (err) {
        return err;
    }

    if (h->magic != LLM_FILE_BATCH || h->n > f->region / LLM_REDO_LINE) {
        return -1;
    }

    return 0;
}
