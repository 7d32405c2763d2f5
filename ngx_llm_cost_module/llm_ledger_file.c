
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The life of a ledger's file: opened, locked, looked at, brought to another
 * size.
 */

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "llm_ledger_disk.h"


#define LLM_FILE_FDS         65536    /* looked at for one that is inherited */

/* numbers that may have been given in the time that was lost */
#define LLM_FILE_LOST        (1 << 18)

/* an owner that no process can be */
#define LLM_FILE_NOBODY      0x7fffffff


static int llm_file_try(llm_ledger_file_t *f, const char *path, size_t region,
    uint64_t node, char *err);
static int llm_file_access(int fd, const char *path, struct stat *st,
    char *err);
static int llm_file_lock(int *fd, int *shared);
static int llm_file_is(int fd, const char *path);
static int llm_file_inherited(int fd);
static int llm_file_head(llm_ledger_file_t *f, const struct stat *st,
    llm_file_head_t *head, char *err);
static int llm_file_attach(llm_ledger_file_t *f, char *err);
static int llm_file_take(llm_ledger_file_t *f, llm_file_head_t *head,
    char *err);
static int llm_file_repair(llm_ledger_file_t *f, char *err);
static void llm_file_orphan(llm_ledger_t *l);
static int llm_file_resize(llm_ledger_file_t *f, const char *path,
    size_t region, char *err);


int
llm_ledger_file_open(llm_ledger_file_t *f, const char *path, size_t region,
    uint64_t node, char err[LLM_FILE_ERR])
{
    int  rc;

    memset(f, 0, sizeof(llm_ledger_file_t));
    f->fd = -1;
    err[0] = '\0';

    region &= ~(size_t) (LLM_FILE_PAGE - 1);

    rc = llm_file_try(f, path, region, node, err);

    if (rc != LLM_OK) {
        llm_ledger_file_close(f);
        return LLM_ERROR;
    }

    return LLM_OK;
}


static int
llm_file_try(llm_ledger_file_t *f, const char *path, size_t region,
    uint64_t node, char *err)
{
    int              shared;
    struct stat      st;
    llm_file_head_t  head;

    f->fd = open(path, O_RDWR|O_NOFOLLOW|O_NONBLOCK|O_NOCTTY);

    if (f->fd == -1 && errno == ENOENT) {
        f->made = 1;
        return llm_file_make(f, path, region, node, NULL, err);
    }

    if (f->fd == -1) {
        snprintf(err, LLM_FILE_ERR, "%s", errno == ELOOP
                 ? "it is a symbolic link" : strerror(errno));
        return LLM_ERROR;
    }

    if (llm_file_access(f->fd, path, &st, err) != LLM_OK) {
        return LLM_ERROR;
    }

    if (llm_file_lock(&f->fd, &shared) != LLM_OK
        || !llm_file_is(f->fd, path))
    {
        snprintf(err, LLM_FILE_ERR, "another nginx has it, or a process that "
                 "an nginx has left behind");
        return LLM_ERROR;
    }

    f->shared = shared;
    f->dev = st.st_dev;
    f->ino = st.st_ino;

    if (llm_file_head(f, &st, &head, err) != LLM_OK
        || llm_file_map(f, err) != LLM_OK)
    {
        return LLM_ERROR;
    }

    if (f->shared) {
        f->kept = (f->region != region);
        return llm_file_attach(f, err);
    }

    if (llm_file_take(f, &head, err) != LLM_OK) {
        return LLM_ERROR;
    }

    return f->region == region ? LLM_OK
                               : llm_file_resize(f, path, region, err);
}


static int
llm_file_access(int fd, const char *path, struct stat *st, char *err)
{
    if (fstat(fd, st) == -1) {
        snprintf(err, LLM_FILE_ERR, "%s", strerror(errno));
        return LLM_ERROR;
    }

    if (!S_ISREG(st->st_mode)) {
        snprintf(err, LLM_FILE_ERR, "it is no regular file");
        return LLM_ERROR;
    }

    if (st->st_uid != geteuid() && st->st_uid != 0) {
        snprintf(err, LLM_FILE_ERR, "it belongs to another user");
        return LLM_ERROR;
    }

    if (st->st_mode & 022) {
        snprintf(err, LLM_FILE_ERR, "others may write to it: chmod 600 %s",
                 path);
        return LLM_ERROR;
    }

    return LLM_OK;
}


/*
 * The lock is on the open file, which workers and the binary of an upgrade
 * inherit.  A second open of the same nginx (a reload, an upgrade) finds it
 * taken, and goes on with a copy of the descriptor that it has already.
 */

static int
llm_file_lock(int *fd, int *shared)
{
    int           has;
    struct flock  fl;

    memset(&fl, 0, sizeof(struct flock));
    fl.l_type = F_WRLCK;
    fl.l_whence = SEEK_SET;

    *shared = 0;

    if (fcntl(*fd, F_OFD_SETLK, &fl) == 0) {
        return LLM_OK;
    }

    has = llm_file_inherited(*fd);
    if (has == -1) {
        return LLM_ERROR;
    }

    close(*fd);
    *fd = has;
    *shared = 1;

    return LLM_OK;
}


/* not one that was replaced between our open and our lock */

static int
llm_file_is(int fd, const char *path)
{
    struct stat  st, named;

    return fstat(fd, &st) == 0 && stat(path, &named) == 0
           && st.st_dev == named.st_dev && st.st_ino == named.st_ino;
}


static int
llm_file_inherited(int fd)
{
    int           i, max;
    struct stat   st, other;
    struct flock  fl;

    if (fstat(fd, &st) == -1) {
        return -1;
    }

    max = (int) sysconf(_SC_OPEN_MAX);

    if (max < 0 || max > LLM_FILE_FDS) {
        max = LLM_FILE_FDS;
    }

    for (i = 0; i < max; i++) {

        if (i == fd || fstat(i, &other) == -1
            || other.st_dev != st.st_dev || other.st_ino != st.st_ino)
        {
            continue;
        }

        memset(&fl, 0, sizeof(struct flock));
        fl.l_type = F_WRLCK;
        fl.l_whence = SEEK_SET;

        if (fcntl(i, F_OFD_SETLK, &fl) == 0) {
            return dup(i);
        }
    }

    return -1;
}


static int
llm_file_head(llm_ledger_file_t *f, const struct stat *st,
    llm_file_head_t *head, char *err)
{
    if (st->st_size < (off_t) sizeof(llm_file_head_t)) {
        snprintf(err, LLM_FILE_ERR, "it is empty or truncated (%lld bytes): "
                 "remove it to start an empty ledger",
                 (long long) st->st_size);
        return LLM_ERROR;
    }

    if (llm_file_read(f->fd, head, sizeof(llm_file_head_t), 0) != 0) {
        snprintf(err, LLM_FILE_ERR, "it cannot be read: %s", strerror(errno));
        return LLM_ERROR;
    }

    if (memcmp(head->magic, LLM_FILE_MAGIC, sizeof(LLM_FILE_MAGIC)) != 0) {
        snprintf(err, LLM_FILE_ERR, "it is no ledger");
        return LLM_ERROR;
    }

    if (head->endian != LLM_FILE_ENDIAN) {
        snprintf(err, LLM_FILE_ERR, "it was written by a machine with another "
                 "order of bytes");
        return LLM_ERROR;
    }

    if (head->version != (LLM_FILE_VERSION << 16 | LLM_LEDGER_VERSION)) {
        snprintf(err, LLM_FILE_ERR, "it is of version %u.%u, and this module "
                 "knows %u.%u", head->version >> 16, head->version & 0xffff,
                 LLM_FILE_VERSION, LLM_LEDGER_VERSION);
        return LLM_ERROR;
    }

    if (head->crc != llm_file_crc(0, head, offsetof(llm_file_head_t, crc))
        || head->region % LLM_FILE_PAGE || head->region > UINT32_MAX
        || head->size != llm_file_size(head->region))
    {
        snprintf(err, LLM_FILE_ERR, "its head is damaged");
        return LLM_ERROR;
    }

    if ((uint64_t) st->st_size != head->size) {
        snprintf(err, LLM_FILE_ERR, "it is truncated: %lld of %llu bytes",
                 (long long) st->st_size, (unsigned long long) head->size);
        return LLM_ERROR;
    }

    f->region = head->region;

    return LLM_OK;
}


int
llm_file_map(llm_ledger_file_t *f, char *err)
{
    void  *p;

    f->mapped = LLM_FILE_REGION_OFF + f->region;

    p = mmap(NULL, f->mapped, PROT_READ|PROT_WRITE, MAP_SHARED, f->fd, 0);

    if (p == MAP_FAILED) {
        snprintf(err, LLM_FILE_ERR, "it cannot be mapped: %s",
                 strerror(errno));
        return LLM_ERROR;
    }

    f->map = p;

    return LLM_OK;
}


static int
llm_file_attach(llm_ledger_file_t *f, char *err)
{
    const char  *wrong;

    f->ledger = llm_ledger_attach(f->map + LLM_FILE_REGION_OFF, f->region,
                                  &wrong);
    if (f->ledger == NULL) {
        snprintf(err, LLM_FILE_ERR, "%s", wrong);
        return LLM_ERROR;
    }

    return LLM_OK;
}


/* nobody else has it: whoever had it is dead, and so are the owners in it */

static int
llm_file_take(llm_ledger_file_t *f, llm_file_head_t *head, char *err)
{
    int   rc;
    char  boot[40];

    llm_file_boot(boot);

    if (boot[0] == '\0' || memcmp(boot, head->boot, sizeof(boot)) != 0
        || head->dev != f->dev || head->ino != f->ino)
    {
        f->recovered = 1;
    }

    if (llm_file_repair(f, err) != LLM_OK) {
        return LLM_ERROR;
    }

    /* from now on the region is what counts, until the next boot */

    rc = llm_file_write_head(f);

    if (rc != 0) {
        snprintf(err, LLM_FILE_ERR, "it cannot be written: %s", strerror(rc));
        return LLM_ERROR;
    }

    return LLM_OK;
}


/* what was being changed when they died, and what only they could unlock */

static int
llm_file_repair(llm_ledger_file_t *f, char *err)
{
    const char    *wrong;
    llm_ledger_t  *l;

    wrong = llm_file_recover(f, f->recovered);
    if (wrong) {
        snprintf(err, LLM_FILE_ERR, "it cannot be repaired: %s", wrong);
        return LLM_ERROR;
    }

    if (llm_file_attach(f, err) != LLM_OK) {
        return LLM_ERROR;
    }

    l = f->ledger;

    if (f->recovered) {
        l->redo.n = 0;
        l->redo.committed = 0;
        memset(llm_ledger_at(l, l->dirty_off), 0, 2 * l->dirty_size);
    }

    llm_redo_repair(&l->redo, l->size);

    wrong = llm_ledger_check(l, 0);
    if (wrong) {
        snprintf(err, LLM_FILE_ERR, "it is damaged: %s", wrong);
        return LLM_ERROR;
    }

    if (llm_shm_mutex_init(&l->mutex) != LLM_OK
        || llm_shm_mutex_init(&llm_file_state(f)->mutex) != LLM_OK)
    {
        snprintf(err, LLM_FILE_ERR, "no mutex");
        return LLM_ERROR;
    }

    l->teller = 0;

    llm_file_orphan(l);

    /* another store may know reservations of the second that is not here */

    if (f->recovered) {
        llm_ledger_number_from(l, l->gen + LLM_FILE_LOST);
    }

    return LLM_OK;
}


/* what goes on without a request has no owner that could be dead */

static void
llm_file_orphan(llm_ledger_t *l)
{
    uint32_t     i;
    llm_hold_t  *h;

    for (i = 1; i <= l->holds_top; i++) {
        h = llm_ledger_hold(l, i);

        if (h->owner != LLM_LEDGER_NOBODY) {
            h->owner = LLM_FILE_NOBODY;
        }
    }
}


static int
llm_file_resize(llm_ledger_file_t *f, const char *path, size_t region,
    char *err)
{
    int                rc;
    llm_ledger_file_t  old;

    old = *f;

    f->fd = -1;
    f->map = NULL;

    rc = llm_file_make(f, path, region, old.ledger->node, old.ledger, err);

    f->recovered = old.recovered;
    f->resized = 1;

    llm_ledger_file_close(&old);

    return rc;
}


void
llm_ledger_file_close(llm_ledger_file_t *f)
{
    if (f->map) {
        (void) munmap(f->map, f->mapped);
    }

    if (f->fd != -1) {
        (void) close(f->fd);
    }

    f->map = NULL;
    f->ledger = NULL;
    f->fd = -1;
}
