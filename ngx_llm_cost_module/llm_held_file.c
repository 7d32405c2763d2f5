
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_held.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


/*
 * What is in the ledger's file is found again by what is in this one.  It is
 * written without waiting for the disk: whoever loses its end to a power loss
 * pays for those batches at their most.
 */

#define LLM_HELD_FILE_MAX   (16 * 1024 * 1024)
#define LLM_HELD_FILE_PATH  4096
#define LLM_HELD_FILE_READ  65536     /* bytes at once */
#define LLM_HELD_FILE_SUM   offsetof(llm_held_t, sum)


typedef void (*llm_held_file_pt)(llm_held_table_t *t, llm_held_t *held,
    int64_t now);


/* FNV-1a, its own place is 0; tells what was torn, not what was forged */

static uint32_t
llm_held_file_sum(const unsigned char *p, size_t len)
{
    size_t    i;
    uint32_t  h;

    h = 2166136261U;

    for (i = 0; i < len; i++) {
        if (i - LLM_HELD_FILE_SUM >= sizeof(uint32_t)) {
            h ^= p[i];
        }

        h *= 16777619U;
    }

    return h;
}


/* one write, so that records of several workers do not mix */

static int
llm_held_file_write(int fd, const llm_held_t *held)
{
    size_t      size;
    ssize_t     n;
    llm_held_t  copy;

    size = llm_held_size(held);

    memcpy(&copy, held, size);
    copy.sum = llm_held_file_sum((unsigned char *) &copy, size);

    n = write(fd, &copy, size);

    return n == (ssize_t) size ? 0 : n == -1 ? errno : EIO;
}


static int
llm_held_file_all(llm_held_table_t *t, int fd)
{
    int         err;
    uint32_t    cursor;
    llm_held_t  held;

    cursor = 0;
    err = 0;

    while (err == 0 && llm_held_next(t, &cursor, &held) == LLM_OK) {
        err = llm_held_file_write(fd, &held);
    }

    return err;
}


/*
 * A record holds in place of the one before it, also where less is to be done.
 * Who was to do it is gone, whatever process has that number now.
 */

static void
llm_held_file_take(llm_held_table_t *t, llm_held_t *held, int64_t now)
{
    llm_held_t  before;

    (void) llm_held_clear(t, held->name, (unsigned) ~LLM_HELD_DONE, 0,
                          &before);

    held->sum = 0;

    if (held->done & LLM_HELD_OWED) {
        held->output = 0;
    }

    (void) llm_held_put(t, held, now);
}


/*
 * Of others that still write there: what has been done with it stays done.
 * Records of this table come by as well, and change nothing.
 */

static void
llm_held_file_hear(llm_held_table_t *t, llm_held_t *held, int64_t now)
{
    held->sum = 0;
    held->done &= LLM_HELD_DONE;

    (void) llm_held_put(t, held, now);
}


/*
 * A record that was torn takes those behind it not along.  Returns how far it
 * has come: what is too short at the end may be a record that is being written,
 * and is read again.
 */

static off_t
llm_held_file_read(llm_held_table_t *t, int fd, off_t pos, int64_t now,
    llm_held_file_pt take)
{
    off_t          end;
    size_t         at, size, len;
    ssize_t        n;
    llm_held_t     held;
    unsigned char  buf[LLM_HELD_FILE_READ];

    len = 0;
    end = pos;

    do {
        n = pread(fd, buf + len, sizeof(buf) - len, pos);

        if (n > 0) {
            len += (size_t) n;
            pos += n;
        }

        at = 0;

        while (at < len && (n <= 0 || len - at >= sizeof(llm_held_t))) {
            size = llm_held_read(&held, buf + at, len - at);

            if (size && held.sum != llm_held_file_sum(buf + at, size)) {
                size = 0;
            }

            if (size && held.until > now) {
                take(t, &held, now);
            }

            at += size ? size : 1;

            if (size) {
                end = pos - (off_t) (len - at);
            }
        }

        len -= at;
        memmove(buf, buf + at, len);

    } while (n > 0);

    return pos - end < (off_t) sizeof(llm_held_t) ? end : pos;
}


/* workers that do it at the same time read the same, which changes nothing */

void
llm_held_file_follow(llm_held_table_t *t, int fd, int64_t now)
{
    off_t        pos;
    uint64_t    *end;
    struct stat  st;

    end = llm_held_file_pos(t);
    pos = (off_t) __atomic_load_n(end, __ATOMIC_RELAXED);

    if (fstat(fd, &st) == -1 || st.st_size == pos) {
        return;
    }

    /* it has been written anew */

    if (st.st_size < pos) {
        pos = 0;
    }

    pos = llm_held_file_read(t, fd, pos, now, llm_held_file_hear);

    __atomic_store_n(end, (uint64_t) pos, __ATOMIC_RELAXED);
}


/* as of the ledger's file: what somebody else could have put there is none */

static int
llm_held_file_own(const char *path)
{
    int          fd;
    struct stat  st;

    fd = open(path, O_RDWR|O_APPEND|O_CREAT|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC,
              0600);

    if (fd == -1) {
        return -1;
    }

    if (fstat(fd, &st) == -1) {
        (void) close(fd);
        return -1;
    }

    if (!S_ISREG(st.st_mode) || (st.st_mode & 022)
        || (st.st_uid != geteuid() && st.st_uid != 0))
    {
        (void) close(fd);
        errno = EPERM;
        return -1;
    }

    return fd;
}


int
llm_held_file_open(llm_held_table_t *t, const char *path, int64_t now,
    int alone)
{
    int   fd, other, err;
    char  name[LLM_HELD_FILE_PATH];

    fd = llm_held_file_own(path);

    if (fd == -1) {
        return -1;
    }

    if (!alone) {
        llm_held_file_follow(t, fd, now);
        return fd;
    }

    *llm_held_file_pos(t) = (uint64_t) llm_held_file_read(t, fd, 0, now,
                                                         llm_held_file_take);

    if (snprintf(name, sizeof(name), "%s.new", path) >= (int) sizeof(name)) {
        return fd;
    }

    (void) unlink(name);

    other = open(name, O_RDWR|O_APPEND|O_CREAT|O_EXCL|O_CLOEXEC, 0600);
    if (other == -1) {
        return fd;
    }

    err = llm_held_file_all(t, other);

    if (err || rename(name, path) == -1) {
        (void) close(other);
        (void) unlink(name);
        return fd;
    }

    (void) close(fd);

    *llm_held_file_pos(t) = (uint64_t) lseek(other, 0, SEEK_END);

    return other;
}


int
llm_held_file_add(llm_held_table_t *t, int fd, const llm_held_t *held)
{
    struct stat  st;

    if (fstat(fd, &st) == 0 && st.st_size > LLM_HELD_FILE_MAX
        && ftruncate(fd, 0) == 0)
    {
        return llm_held_file_all(t, fd);
    }

    return llm_held_file_write(fd, held);
}
