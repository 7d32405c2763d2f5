
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_HELD_H_INCLUDED_
#define _LLM_HELD_H_INCLUDED_


/*
 * What outlives the request that made it: files of requests that were counted
 * when they were uploaded, and batches and runs whose reservation waits for
 * an answer to a later request to say what they have used.  The table leads
 * from the name of such a thing to its record.
 *
 * A name is a digest of who made the thing and of what the provider calls it:
 * nobody finds what is another's, whatever he asks for.
 *
 * The table is one region of memory of a fixed size, shared by processes.
 * Where it is full the oldest file leaves, of the payer who wants room if he
 * has one; what money is held for leaves only when it is over.
 */

#include "llm_core.h"
#include "llm_ledger.h"


#define LLM_HELD_NAME        16
#define LLM_HELD_MODEL       64
#define LLM_HELD_PATH        48
#define LLM_HELD_BUDGET      40       /* bytes of a packed one, and its texts */
#define LLM_HELD_BUDGETS                                                      \
    (LLM_BUDGETS_MAX * (LLM_HELD_BUDGET + LLM_NAME_MAX + LLM_KEY_MAX))


typedef enum {
    LLM_HELD_FILE = 1,       /* requests to come: most is what they can cost */
    LLM_HELD_WORK,           /* they are worked on: a reservation is open */
    LLM_HELD_RESULTS,        /* a file that says what work has used */
    LLM_HELD_UNNAMED         /* a FILE whose model is named with the work: what
                                tokens of it there are, and as "requests" how
                                many answers have no maximum */
} llm_held_e;


/*
 * Plain bytes, the same in memory, in a file and in Redis, where it ends after
 * its budgets.
 */

typedef struct {
    unsigned char    name[LLM_HELD_NAME];
    unsigned char    work[LLM_HELD_NAME];   /* whose money it is; its own */
    uint64_t         payer;
    llm_hold_id_t    id;                    /* seq 0: no budget applied */
    int64_t          made;                  /* UTC seconds */
    int64_t          until;
    int64_t          most[LLM_UNIT_N];
    int64_t          input;                 /* tokens of all requests */
    int64_t          output;
    uint8_t          what;                  /* llm_held_e */
    uint8_t          done;                  /* LLM_HELD_DONE .. */
    uint8_t          batch;                 /* at the rates of a batch */
    uint8_t          exact;                 /* a sum of tokens is enough to
                                               price it */
    uint8_t          model_len;             /* 0: several, or too long */
    uint8_t          path_len;
    uint8_t          nbudgets;
    uint8_t          version;
    uint16_t         budgets_len;
    uint8_t          kind;                  /* llm_kind_e of the requests */
    uint8_t          lapsed;                /* its time was over before: it
                                               is charged, and logged */
    uint32_t         sum;                   /* of it in a file */
    unsigned char    model[LLM_HELD_MODEL];
    unsigned char    path[LLM_HELD_PATH];   /* of the requests */
    unsigned char    budgets[LLM_HELD_BUDGETS];
} llm_held_t;


/* version 1, which is read as well, had 384 bytes for its budgets, always */

#define LLM_HELD_VERSION     2


/*
 * Work is settled once.  That it is, and what this node has still to do then:
 * tell the fleet who has settled it; see that the store has its settlement, and
 * a log its line.  While one of the latter is to be done, "most" is what was
 * spent, "input" where the amounts come from, and "output" the process that
 * does it: whoever finds the record without that does it in its place; or, once
 * the line is there, where the settlement found no room to be kept (UNTOLD).
 */

#define LLM_HELD_DONE        1
#define LLM_HELD_UNCLAIMED   2
#define LLM_HELD_UNSETTLED   4
#define LLM_HELD_UNLOGGED    8
#define LLM_HELD_UNTOLD      16

#define LLM_HELD_OWED        (LLM_HELD_UNSETTLED|LLM_HELD_UNLOGGED)

/* seconds for which it is known after its reservation has expired */

#define LLM_HELD_LATE        86000


typedef struct llm_held_table_s  llm_held_table_t;

/* mem has size bytes, aligned to 16; NULL: too small, or another version */

llm_held_table_t *llm_held_create(void *mem, size_t size);
llm_held_table_t *llm_held_attach(void *mem, size_t size);

/*
 * LLM_OK, LLM_LIMIT: there is no room, LLM_ERROR.  What is done stays done,
 * and what has lapsed, whoever writes the record again; and what was spent
 * stays as it is while it is owed.
 */

int llm_held_put(llm_held_table_t *t, const llm_held_t *held, int64_t now);

/* a copy; LLM_OK, LLM_DECLINED: there is none, or its time is over */

int llm_held_get(llm_held_table_t *t, const unsigned char *name, int64_t now,
    llm_held_t *held);

/* LLM_OK for who may settle this work: one caller, ever; LLM_DECLINED */

int llm_held_claim(llm_held_table_t *t, const unsigned char *work,
    int64_t now);

/*
 * Some of what was to be done has been, what is owed still is owner's: LLM_OK
 * and a copy, LLM_DECLINED where there was nothing of either.
 */

int llm_held_clear(llm_held_table_t *t, const unsigned char *work,
    unsigned done, uint32_t owner, llm_held_t *held);

/* a process begins: what one of its number owes is a dead one's */

void llm_held_born(llm_held_table_t *t, uint32_t owner);

/*
 * The store has the settlement of this reservation, or (told is 0) it has found
 * no room on its way there; LLM_DECLINED: it is none of a work's.
 */

int llm_held_told(llm_held_table_t *t, const llm_hold_id_t *id, int told,
    llm_held_t *held);

/* 32 digits of its name, and what tells apart two works of that name */

#define LLM_HELD_TEXT        (2 * LLM_HELD_NAME + 2 + 2 * 20)

size_t llm_held_text(const llm_held_t *held, unsigned char *to);

/*
 * The reservation of this work has expired by then, and no line of a log says
 * so yet.
 */

int llm_held_lapses(const llm_held_t *held, int64_t then);

/* records in use, and one after another: cursor starts at 0; LLM_DECLINED */

unsigned llm_held_used(llm_held_table_t *t);
int llm_held_next(llm_held_table_t *t, uint32_t *cursor, llm_held_t *held);


/*
 * The table's copy in a file (state=): a record behind another, the last one of
 * a name holds.  open() makes it, reads it into the table, and returns a
 * descriptor to add to, or -1 and errno: EPERM where another user may have
 * written to it.  Where nobody else has it (alone) it is written anew, in one
 * piece.
 */

int llm_held_file_open(llm_held_table_t *t, const char *path, int64_t now,
    int alone);

/*
 * The other binary of an upgrade, or the old processes of a reload with another
 * size, have a table of their own and the same file: what has been written
 * there since is in this table, too.  What is owed is for them to do.
 */

void llm_held_file_follow(llm_held_table_t *t, int fd, int64_t now);

/* how far the table has read it */

uint64_t *llm_held_file_pos(llm_held_table_t *t);

/* 0, or an errno; a file that has grown too long is written anew in place */

int llm_held_file_add(llm_held_table_t *t, int fd, const llm_held_t *held);


/* what is written of a record */

size_t llm_held_size(const llm_held_t *held);

/*
 * A record from bytes from elsewhere, and how many of them it is; 0: they do
 * not begin with one.
 */

size_t llm_held_read(llm_held_t *held, const void *bytes, size_t len);

/*
 * The budgets of a reservation, all that a request can have, and back: strings
 * then point into the record.
 */

void llm_held_pack(llm_held_t *held, const llm_budget_t *budgets,
    unsigned n);
unsigned llm_held_unpack(const llm_held_t *held,
    llm_budget_t budgets[LLM_BUDGETS_MAX]);

/* a text that fits, or none */

void llm_held_set(unsigned char *to, uint8_t *len, size_t size,
    const llm_str_t *s);


#endif /* _LLM_HELD_H_INCLUDED_ */
