
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_LEDGER_DISK_H_INCLUDED_
#define _LLM_LEDGER_DISK_H_INCLUDED_


/*
 * The inside of the file, for llm_ledger_file*.c, _sync.c, _replay.c and
 * _disk.c.  What must be whole after a power loss is within a sector: it is
 * the old one or the new one.
 */

#include <pthread.h>

#include "llm_ledger_file.h"
#include "llm_ledger_region.h"


#define LLM_FILE_MAGIC       "llm-cost ledger"
#define LLM_FILE_VERSION     1
#define LLM_FILE_ENDIAN      0x01020304
#define LLM_FILE_PAGE        4096
#define LLM_FILE_SECTOR      512
#define LLM_FILE_BATCH       0x686374616272656cULL
#define LLM_FILE_BASE        0x6573616272656c6cULL

/* head, base marks, region, base, log: offsets in the file */

#define LLM_FILE_STATE_OFF   1024
#define LLM_FILE_MARKS_OFF   LLM_FILE_PAGE
#define LLM_FILE_REGION_OFF  (2 * LLM_FILE_PAGE)
#define llm_file_base_off(region)   (LLM_FILE_REGION_OFF + (region))
#define llm_file_log_off(region)    (LLM_FILE_REGION_OFF + 2 * (region))

/* any change fits, were it all of the region */

#define llm_file_log_size(region)                                             \
    ((region) + (region) / 8 + 2 * LLM_FILE_PAGE)
#define llm_file_size(region)                                                 \
    (llm_file_log_off(region) + llm_file_log_size(region))


/* the first sector */

typedef struct {
    char             magic[16];
    uint32_t         endian;
    uint32_t         version;
    uint64_t         region;
    uint64_t         size;            /* of the file */
    uint64_t         dev;             /* a copy of a file is another one: */
    uint64_t         ino;             /* its region may be torn */
    char             boot[40];
    uint32_t         unused;
    uint32_t         crc;             /* of all before */
} llm_file_head_t;


/* shared by those who have the file mapped */

typedef struct {
    pthread_mutex_t  mutex;           /* one sync at a time */
    uint64_t         log_pos;         /* of the next batch */
    uint64_t         epoch;           /* number of the last one */
} llm_file_state_t;


/* two sectors, written in turn: the base is that of the larger epoch */

typedef struct {
    uint64_t         magic;
    uint64_t         epoch;
    uint32_t         unused;
    uint32_t         crc;
} llm_file_mark_t;


/* then n numbers of lines, ascending, and the lines */

typedef struct {
    uint64_t         magic;
    uint64_t         epoch;
    uint32_t         n;
    uint32_t         crc;             /* of epoch, n and what follows */
} llm_file_batch_t;


_Static_assert(sizeof(llm_file_head_t) <= LLM_FILE_SECTOR, "one sector");
_Static_assert(LLM_FILE_STATE_OFF + sizeof(llm_file_state_t) <= LLM_FILE_PAGE,
               "one page");


#define llm_file_state(f)                                                     \
    ((llm_file_state_t *) ((f)->map + LLM_FILE_STATE_OFF))


/*
 * A new file, whole before it has its name; from: what it begins with, or NULL.
 * On failure err says why.
 */

int llm_file_make(llm_ledger_file_t *f, const char *path, size_t region,
    uint64_t node, llm_ledger_t *from, char *err);
int llm_file_map(llm_ledger_file_t *f, char *err);

/* whose file it is now; errno, or 0 */

int llm_file_write_head(llm_ledger_file_t *f);

/* of this run of the kernel, whose page cache has what was written; or empty */

void llm_file_boot(char boot[40]);


/* exactly, or errno */

int llm_file_read(int fd, void *p, size_t n, uint64_t off);
int llm_file_write(int fd, const void *p, size_t n, uint64_t off);

/* ... and it is on the disk */

int llm_file_write_through(int fd, const void *p, size_t n, uint64_t off);

uint32_t llm_file_crc(uint32_t crc, const void *p, size_t n);

/*
 * The base has all up to this batch; nothing, while it is written as a whole;
 * and which that is, or LLM_ERROR
 */

int llm_file_mark(llm_ledger_file_t *f, uint64_t epoch);
int llm_file_unmark(llm_ledger_file_t *f);
int llm_file_find_mark(llm_ledger_file_t *f, uint64_t *epoch);

/*
 * The batch at pos of the log; *buf, of malloc(), is the caller's.  -1: there
 * is none, the log ends here; or errno, and *wrong may say why.  *buf is NULL
 * then.
 */

int llm_file_batch_read(llm_ledger_file_t *f, uint64_t pos,
    llm_file_batch_t *h, unsigned char **buf, const char **wrong);

/*
 * Where the log ends, and, after a boot, the region anew from base and log;
 * what is wrong, or NULL.  Nobody else syncs.
 */

const char *llm_file_recover(llm_ledger_file_t *f, int boot);

#endif /* _LLM_LEDGER_DISK_H_INCLUDED_ */
