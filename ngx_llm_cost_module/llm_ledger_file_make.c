
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * A ledger's file is made, of nothing or of another one: whole and on the disk
 * under another name, before it has its own.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "llm_ledger_disk.h"


static int llm_file_temporary(const char *name, char *err);
static int llm_file_fill(llm_ledger_file_t *f, size_t region, uint64_t node,
    llm_ledger_t *from, char *err);
static int llm_file_image(llm_ledger_file_t *f);
static int llm_file_sync_directory(const char *path);


int
llm_file_make(llm_ledger_file_t *f, const char *path, size_t region,
    uint64_t node, llm_ledger_t *from, char *err)
{
    int          rc;
    char         name[PATH_MAX];
    struct stat  st;

    if (snprintf(name, PATH_MAX, "%s.new", path) >= PATH_MAX) {
        snprintf(err, LLM_FILE_ERR, "its name is too long");
        return LLM_ERROR;
    }

    f->fd = llm_file_temporary(name, err);

    if (f->fd == -1) {
        return LLM_ERROR;
    }

    rc = LLM_ERROR;

    if (fstat(f->fd, &st) == 0) {
        f->dev = st.st_dev;
        f->ino = st.st_ino;

        rc = llm_file_fill(f, region, node, from, err);
    }

    /* what is replaced is locked by us; what is new must not replace */

    if (rc == LLM_OK
        && (renameat2(AT_FDCWD, name, AT_FDCWD, path,
                      from ? 0 : RENAME_NOREPLACE) == -1
            || llm_file_sync_directory(path) != 0))
    {
        snprintf(err, LLM_FILE_ERR, "%s", strerror(errno));
        rc = LLM_ERROR;
    }

    if (rc != LLM_OK) {
        (void) unlink(name);
    }

    return rc;
}


/* locked; one that was left by a kill is not used again */

static int
llm_file_temporary(const char *name, char *err)
{
    int           fd, i;
    struct flock  fl;

    memset(&fl, 0, sizeof(struct flock));
    fl.l_type = F_WRLCK;
    fl.l_whence = SEEK_SET;

    for (i = 0; i < 2; i++) {
        fd = open(name, O_RDWR|O_CREAT|O_EXCL|O_NOFOLLOW, 0600);

        if (fd != -1) {

            if (fcntl(fd, F_OFD_SETLK, &fl) == 0) {
                return fd;
            }

            break;
        }

        if (errno != EEXIST) {
            snprintf(err, LLM_FILE_ERR, "%s", strerror(errno));
            return -1;
        }

        fd = open(name, O_RDWR|O_NOFOLLOW);

        if (fd == -1 || fcntl(fd, F_OFD_SETLK, &fl) == -1) {
            break;
        }

        (void) unlink(name);
        close(fd);
        fd = -1;
    }

    if (fd != -1) {
        close(fd);
    }

    snprintf(err, LLM_FILE_ERR, "another nginx is making it");

    return -1;
}


static int
llm_file_fill(llm_ledger_file_t *f, size_t region, uint64_t node,
    llm_ledger_t *from, char *err)
{
    int            rc;
    llm_ledger_t  *l;

    f->region = region;

    rc = posix_fallocate(f->fd, 0, (off_t) llm_file_size(region));

    if (rc != 0) {
        snprintf(err, LLM_FILE_ERR, "no room for its %llu bytes: %s",
                 (unsigned long long) llm_file_size(region), strerror(rc));
        return LLM_ERROR;
    }

    if (llm_file_map(f, err) != LLM_OK) {
        return LLM_ERROR;
    }

    l = llm_ledger_create(f->map + LLM_FILE_REGION_OFF, region, node);

    if (l == NULL || llm_shm_mutex_init(&llm_file_state(f)->mutex) != LLM_OK) {
        snprintf(err, LLM_FILE_ERR, "the zone is too small for a ledger");
        return LLM_ERROR;
    }

    f->ledger = l;
    l->redo.dirty = l->dirty_off;

    if (from) {
        rc = llm_ledger_copy(l, from);

        if (rc != LLM_OK) {
            snprintf(err, LLM_FILE_ERR, rc == LLM_LIMIT
                     ? "the zone is too small for what it holds, make it %zuk "
                       "or more" : "no memory",
                     (2 * llm_ledger_needs(from) + 1023) / 1024 + 8);
            return LLM_ERROR;
        }
    }

    rc = llm_file_image(f);

    if (rc == 0) {
        rc = llm_file_write_head(f);
    }

    if (rc != 0) {
        snprintf(err, LLM_FILE_ERR, "it cannot be written: %s", strerror(rc));
        return LLM_ERROR;
    }

    return LLM_OK;
}


/* the whole region as the base */

static int
llm_file_image(llm_ledger_file_t *f)
{
    int            err;
    size_t         used;
    llm_ledger_t  *l;

    l = f->ledger;

    /* the bitmaps stay behind, and what was never used of a new one */

    used = l->counters_top || l->holds_top ? l->dirty_off
                                           : sizeof(llm_ledger_t);

    err = llm_file_write(f->fd, l, used, llm_file_base_off(f->region));
    if (err) {
        return err;
    }

    if (fdatasync(f->fd) == -1) {
        return errno;
    }

    llm_file_state(f)->epoch = 1;
    llm_file_state(f)->log_pos = 0;

    return llm_file_mark(f, 1);
}


int
llm_file_write_head(llm_ledger_file_t *f)
{
    llm_file_head_t  head;

    memset(&head, 0, sizeof(llm_file_head_t));
    memcpy(head.magic, LLM_FILE_MAGIC, sizeof(LLM_FILE_MAGIC));

    head.endian = LLM_FILE_ENDIAN;
    head.version = LLM_FILE_VERSION << 16 | LLM_LEDGER_VERSION;
    head.region = f->region;
    head.size = llm_file_size(f->region);
    head.dev = f->dev;
    head.ino = f->ino;
    llm_file_boot(head.boot);
    head.crc = llm_file_crc(0, &head, offsetof(llm_file_head_t, crc));

    return llm_file_write_through(f->fd, &head, sizeof(llm_file_head_t), 0);
}


static int
llm_file_sync_directory(const char *path)
{
    int   fd, rc;
    char  name[PATH_MAX];

    snprintf(name, PATH_MAX, "%s", path);

    fd = open(dirname(name), O_RDONLY|O_DIRECTORY);
    if (fd == -1) {
        return -1;
    }

    rc = fsync(fd);
    close(fd);

    return rc;
}


void
llm_file_boot(char boot[40])
{
    int  fd;

    memset(boot, 0, 40);

    fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
    if (fd == -1) {
        return;
    }

    if (read(fd, boot, 36) != 36) {
        boot[0] = '\0';
    }

    close(fd);
}
