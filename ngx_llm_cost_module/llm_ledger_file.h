
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_LEDGER_FILE_H_INCLUDED_
#define _LLM_LEDGER_FILE_H_INCLUDED_


/*
 * A ledger in a file that all processes map.  While the machine runs, what
 * they have written is there, whoever was killed.  Power loss leaves such
 * pages in any mixture, so that after a boot they are not looked at; the file
 * has a second part for that, which is only written in order:
 *
 *   head     what the file is; then the state of the second part
 *   region   the ledger, mapped
 *   base     a copy of it, as it was some time ago
 *   log      what was changed since then: batches of lines, each with its
 *            number and a checksum, each on the disk before the next begins
 *
 * llm_ledger_file_sync() adds a batch, once a second.  All of it is allocated
 * when the file is made, so that no write finds the disk full later.
 *
 * One nginx at a time: the lock is the open file's, and goes on to workers and
 * to the binary of an upgrade with the descriptor that they inherit.
 */

#include "llm_ledger.h"


#define LLM_FILE_ERR         256


typedef struct {
    int              fd;              /* -1: not open */
    unsigned char   *map;
    size_t           mapped;
    size_t           region;          /* bytes of the ledger */
    llm_ledger_t    *ledger;
    uint64_t         dev;
    uint64_t         ino;

    /* what open() has met */
    unsigned         made:1;          /* there was no file */
    unsigned         shared:1;        /* this nginx has it already */
    unsigned         recovered:1;     /* after a boot, from base and log */
    unsigned         resized:1;
    unsigned         kept:1;          /* of another size, since it is shared */
} llm_ledger_file_t;


/*
 * Open or make the file with a ledger of so many bytes.  node: a random number
 * for a new one.  LLM_OK, or LLM_ERROR, and err says why.
 */

int llm_ledger_file_open(llm_ledger_file_t *f, const char *path, size_t region,
    uint64_t node, char err[LLM_FILE_ERR]);
void llm_ledger_file_close(llm_ledger_file_t *f);

/*
 * Everything until now reaches the disk: 0, or an errno.  EBADMSG: it does, and
 * what was there before was damaged, so that all of the ledger is there anew.
 */

int llm_ledger_file_sync(llm_ledger_file_t *f);


#endif /* _LLM_LEDGER_FILE_H_INCLUDED_ */
