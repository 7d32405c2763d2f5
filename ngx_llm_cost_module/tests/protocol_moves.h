
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _PROTOCOL_MOVES_H_INCLUDED_
#define _PROTOCOL_MOVES_H_INCLUDED_


/*
 * What may happen in a state of the protocol's model: at Redis, on the way, at
 * the nodes, and what goes wrong.
 */

#include "protocol_model.h"


/* Redis does it; 0: it is over or does not fit, -1: for another incarnation */

static inline int
perform(state_t *s, int i, int kind, int id, int again)
{
    int      bit;
    store_t  *r;

    r = &s->redis;
    bit = 1 << i;

    if (id != s->id && !(m.without & NO_GUARD)) {
        return -1;
    }

    if (kind == ADMIT) {
        if (r->closed & bit) {
            return -1;
        }

        if (r->hold & bit) {
            return 1;
        }

        if (!again && r->spent + r->reserved + 1 > m.limit) {
            if (!(m.without & NO_BITMAP)) {
                r->closed |= bit;
            }

            return 0;
        }

        r->hold |= bit;
        r->reserved++;
        return 1;
    }

    if (r->closed & bit) {
        return 1;
    }

    if (r->hold & bit) {
        r->hold &= ~bit;
        r->reserved--;
    }

    r->spent += (kind == SETTLE);
    r->part[node_of(i)] += (kind == SETTLE);

    if (!(m.without & NO_BITMAP)) {
        r->closed |= bit;
    }

    return 1;
}


/* the end of a request is in the record: it is sent again, or by the join */

static inline void
unheard(state_t *s, int i)
{
    s->asking &= ~(1 << i);
    s->late[i] = 0;
    s->did[node_of(i)] &= ~(1 << i);
}


/* connections are given up, but for one whose answer has been read already */

static inline void
away(state_t *s, int n)
{
    int  i;

    if (s->mode[n] != READY) {
        return;
    }

    s->mode[n] = AWAY;
    s->alone[n] = 0;

    for (i = 2 * n; i < 2 * n + 2; i++) {
        if ((s->asking & (1 << i)) && s->late[i] == 0) {
            unheard(s, i);
        }
    }
}


/* the zone decides about the request whose question is i */

static inline void
alone(state_t *s, int i)
{
    int  n, share;

    n = node_of(i);
    share = (m.limit - s->view[n]) / NODES;

    if (m.without & NO_SHARE) {
        share = m.limit - s->view[n];
    }

    if (s->alone[n] + 1 <= share || m.open) {
        s->alone[n]++;
        s->state[i + 1] = LOCAL;
        s->did[n] &= ~(1 << (i + 1));

    } else {
        s->state[i + 1] = NEVER;
    }
}


/* no answer, or none that is one */

static inline void
unanswered(state_t *s, int i)
{
    away(s, node_of(i));
    s->state[i] = m.without & NO_CANCEL ? NEVER : VOID;
    s->late[i] = 0;
    alone(s, i);
}


static inline void
answered(state_t *s, int i, int kind, int said, int id)
{
    int  n, counts;

    n = node_of(i);
    counts = (s->mode[n] == READY && s->known[n] == id);

    if (kind == ADMIT ? s->state[i] != ASKED : !(s->asking & (1 << i))) {
        return;
    }

    if (kind == ADMIT) {
        if (said < 0 || (said && !counts && !(m.without & NO_GRANT))) {
            unanswered(s, i);
            return;
        }

        s->state[i] = said ? HELD : NEVER;
        s->state[i + 1] = NEVER;

    } else if (said < 0) {
        unheard(s, i);
        away(s, n);

    } else if (counts || (m.without & NO_CONFIRM)) {
        s->state[i] += SETTLED - SPENT;
        s->asking &= ~(1 << i);

    } else {
        unheard(s, i);
    }

    if (counts && said >= 0) {
        s->view[n] = s->redis.spent + s->redis.reserved;
    }
}


/* what is on the way arrives: with an answer, without; once more; not at all */

static inline void
deliver(const state_t *s, int i, int kind, int id)
{
    int      said;
    state_t  t;

    t = *s;
    put(&t, i, kind, id, -1);
    said = perform(&t, i, kind, id, 0);

    if (s->losses) {
        t.losses--;
        visit(&t);
        t.losses++;
    }

    if (s->delays && s->late[i] == 0) {
        t.delays--;
        t.late[i] = 1 + (kind | id << 2 | (said + 1) << 4);
        visit(&t);
        t.delays++;
        t.late[i] = 0;
    }

    answered(&t, i, kind, said, id);
    go(&t);

    if (s->losses) {
        t = *s;
        put(&t, i, kind, id, -1);
        t.losses--;
        visit(&t);
    }

    if (s->copies && on_way(s, i, kind, id) == 1) {
        t = *s;
        t.copies--;
        put(&t, i, kind, id, 1);
        visit(&t);
    }
}


/* an answer that has taken its time */

static inline void
arrive(const state_t *s, int i)
{
    int      what;
    state_t  t;

    if (s->late[i]) {
        what = s->late[i] - 1;

        t = *s;
        t.late[i] = 0;
        answered(&t, i, what & 3, (what >> 4 & 3) - 1, what >> 2 & 3);
        go(&t);
    }
}


/* the life of a request */

static inline void
request(const state_t *s, int i)
{
    int      n, end;
    state_t  t;

    n = node_of(i);

    if (!(i & 1) && s->state[i] == FREE) {
        t = *s;

        if (s->mode[n] == READY) {
            t.state[i] = ASKED;
            put(&t, i, ADMIT, s->known[n], 1);

        } else {
            t.state[i] = NEVER;
            alone(&t, i);
        }

        go(&t);
    }

    if (s->state[i] == ASKED) {

        /* nothing is waited for for ever */

        t = *s;
        unanswered(&t, i);

        if (on_way(s, i, ADMIT, s->known[n]) == 0) {
            go(&t);

        } else if (s->timeouts) {
            t.timeouts--;
            visit(&t);
        }
    }

    for (end = SPENT; end <= VOID; end++) {
        if (s->state[i] == HELD || s->state[i] == LOCAL) {
            t = *s;
            t.state[i] = end;
            go(&t);
        }

        if (s->state[i] == end && s->mode[n] == READY
            && !(s->asking & (1 << i))
            && on_way(s, i, end == SPENT ? SETTLE : CANCEL, s->known[n]) == 0)
        {
            t = *s;
            put(&t, i, end == SPENT ? SETTLE : CANCEL, s->known[n], 1);
            t.asking |= 1 << i;
            go(&t);
        }
    }

    if ((s->asking & (1 << i)) && s->late[i] == 0) {
        end = (s->state[i] == SPENT ? SETTLE : CANCEL);

        if (on_way(s, i, end, s->known[n]) == 0) {
            t = *s;
            unheard(&t, i);
            go(&t);
        }
    }
}


/* what the store holds for an identity, and the node does not know of */

static inline void
forget(state_t *t, int i)
{
    if ((t->redis.hold & (1 << i)) && !(m.without & NO_FORGET)) {
        t->redis.hold &= ~(1 << i);
        t->redis.reserved--;
    }
}


/* all that was confirmed to the node is in the counter, on record or not */

static inline void
restore(state_t *t, int n)
{
    int  i, own;

    own = 0;

    for (i = 2 * n; i < 2 * n + 2; i++) {
        own += (t->state[i] == SETTLED);
    }

    if (t->redis.part[n] < own && t->target[n] != t->known[n]
        && !(m.without & NO_OWN))
    {
        t->redis.spent += own - t->redis.part[n];
        t->redis.part[n] = own;
    }
}


/* one identity is told to the store that is being joined */

static inline void
repeat(state_t *t, int n, int i)
{
    int  changed;

    changed = (t->target[n] != t->known[n]);
    t->did[n] |= 1 << i;

    switch (t->state[i]) {

    case SETTLED:
    case CANCELLED:
        if ((t->joined & (1 << n)) && !(m.without & NO_ONCE)) {
            return;
        }

        if (t->forgotten & (1 << i)) {
            forget(t, i);
            return;
        }

        if (changed && !(m.without & NO_RECORD)) {
            (void) perform(t, i, t->state[i] == SETTLED ? SETTLE : CANCEL,
                           t->target[n], 0);
        }

        return;

    case HELD:
    case LOCAL:
        if (!(m.without & NO_HOLDS)) {
            (void) perform(t, i, ADMIT, t->target[n], 1);
        }

        return;

    case SPENT:
    case VOID:
        if (t->asking & (1 << i)) {

            /* it is with its worker, and the journal holds it */

            if (t->state[i] == SPENT && !(m.without & NO_HOLDS)) {
                (void) perform(t, i, ADMIT, t->target[n], 1);
            }

            return;
        }

        (void) perform(t, i, t->state[i] == SPENT ? SETTLE : CANCEL,
                       t->target[n], 0);
        t->state[i] += SETTLED - SPENT;
        return;
    }
}


static inline void
join(const state_t *s, int n)
{
    int      i;
    state_t  t;

    t = *s;

    switch (s->mode[n]) {

    case READY:
        if (s->known[n] != s->id) {

            /* every second */

            away(&t, n);
            go(&t);
        }

        return;

    case AWAY:
        t.mode[n] = JOIN;
        t.target[n] = s->id;
        t.did[n] = 0;
        go(&t);
        return;
    }

    if (s->target[n] != s->id) {
        t.mode[n] = AWAY;
        go(&t);
        return;
    }

    for (i = 2 * n; i < 2 * n + 2; i++) {
        if (!(s->did[n] & (1 << i))) {
            t = *s;
            repeat(&t, n, i);
            go(&t);

            if (s->losses) {

                /* it was done, or not, and all begins again */

                t.losses--;
                t.state[i] = s->state[i];
                t.mode[n] = AWAY;
                visit(&t);
            }

            return;
        }
    }

    restore(&t, n);

    t.joined |= 1 << n;

    if (t.joined == 3 || (m.without & NO_WAITING)) {
        t.mode[n] = READY;
        t.known[n] = t.target[n];
        t.view[n] = t.redis.spent + t.redis.reserved;

    } else if (t.joined == s->joined) {
        return;
    }

    go(&t);
}


static inline void
faults(const state_t *s)
{
    int      n, i, end;
    state_t  t;

    if (s->saves) {
        t = *s;
        t.saves--;
        t.saved = s->redis;
        visit(&t);
    }

    if (s->crashes && s->id + 1 < INCARNATIONS) {
        t = *s;
        t.crashes--;
        t.redis = s->saved;
        t.id++;
        t.joined = 0;
        visit(&t);
    }

    for (i = 0; s->drops && i < IDENTS; i++) {
        if (s->state[i] >= SETTLED && !(s->forgotten & (1 << i))) {
            t = *s;
            t.drops--;
            t.forgotten |= 1 << i;
            visit(&t);
        }
    }

    for (i = 0; s->finds && i < IDENTS; i++) {
        if (s->forgotten & (1 << i)) {
            t = *s;
            t.finds--;
            t.forgotten &= ~(1 << i);

            if (t.mode[node_of(i)] == JOIN) {

                /* the other binary begins anew */

                t.mode[node_of(i)] = AWAY;
            }

            visit(&t);
        }
    }

    for (n = 0; s->kills && n < NODES; n++) {

        /* what the dead worker had sent upstream is settled, or nothing was */

        for (end = SPENT; end <= VOID; end++) {
            t = *s;
            t.kills--;

            for (i = 2 * n; i < 2 * n + 2; i++) {
                unheard(&t, i);

                if (s->state[i] == ASKED) {
                    t.state[i] = m.without & NO_CANCEL ? NEVER : VOID;
                    t.state[i + 1] = NEVER;

                } else if (s->state[i] == HELD || s->state[i] == LOCAL) {
                    t.state[i] = end;
                }
            }

            visit(&t);
        }
    }
}


#endif /* _PROTOCOL_MOVES_H_INCLUDED_ */
