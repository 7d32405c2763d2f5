
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Bytes of the file: exactly those, or errno; and the two marks that say how
 * far the base is.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

#include "llm_ledger_disk.h"


int
llm_file_mark(llm_ledger_file_t *f, uint64_t epoch)
{
    llm_file_mark_t  m;

    memset(&m, 0, sizeof(llm_file_mark_t));

    m.magic = LLM_FILE_BASE;
    m.epoch = epoch;
    m.crc = llm_file_crc(0, &m, offsetof(llm_file_mark_t, crc));

    return llm_file_write_through(f->fd, &m, sizeof(llm_file_mark_t),
                                  LLM_FILE_MARKS_OFF
                                  + (epoch & 1) * LLM_FILE_SECTOR);
}


int
llm_file_unmark(llm_ledger_file_t *f)
{
    unsigned char  none[2 * LLM_FILE_SECTOR];

    memset(none, 0, sizeof(none));

    return llm_file_write_through(f->fd, none, sizeof(none),
                                  LLM_FILE_MARKS_OFF);
}


int
llm_file_find_mark(llm_ledger_file_t *f, uint64_t *epoch)
{
    int              i, found;
    llm_file_mark_t  m;

    found = 0;
    *epoch = 0;

    for (i = 0; i < 2; i++) {
        if (llm_file_read(f->fd, &m, sizeof(llm_file_mark_t),
                          LLM_FILE_MARKS_OFF + i * LLM_FILE_SECTOR)
            != 0)
        {
            return LLM_ERROR;
        }

        if (m.magic == LLM_FILE_BASE
            && m.crc == llm_file_crc(0, &m, offsetof(llm_file_mark_t, crc))
            && m.epoch >= *epoch)
        {
            *epoch = m.epoch;
            found = 1;
        }
    }

    return found ? 0 : LLM_ERROR;
}


int
llm_file_read(int fd, void *p, size_t n, uint64_t off)
{
    ssize_t  rc;

    while (n) {
        rc = pread(fd, p, n, (off_t) off);

        if (rc == -1 && errno == EINTR) {
            continue;
        }

        if (rc <= 0) {
            return rc == 0 ? EIO : errno;
        }

        p = (unsigned char *) p + rc;
        n -= rc;
        off += rc;
    }

    return 0;
}


int
llm_file_write(int fd, const void *p, size_t n, uint64_t off)
{
    ssize_t  rc;

    while (n) {
        rc = pwrite(fd, p, n, (off_t) off);

        if (rc == -1 && errno == EINTR) {
            continue;
        }

        if (rc <= 0) {
            return rc == 0 ? EIO : errno;
        }

        p = (const unsigned char *) p + rc;
        n -= rc;
        off += rc;
    }

    return 0;
}


/* the pages that are written and no others, where the kernel can do that */

int
llm_file_write_through(int fd, const void *p, size_t n, uint64_t off)
{
    int           err;
    struct iovec  iov;

    iov.iov_base = (void *) p;
    iov.iov_len = n;

    if (pwritev2(fd, &iov, 1, (off_t) off, RWF_DSYNC) == (ssize_t) n) {
        return 0;
    }

    err = llm_file_write(fd, p, n, off);

    if (err) {
        return err;
    }

    return fdatasync(fd) == -1 ? errno : 0;
}


uint32_t
llm_file_crc(uint32_t crc, const void *p, size_t n)
{
    return (uint32_t) crc32_z(crc, p, n);
}
