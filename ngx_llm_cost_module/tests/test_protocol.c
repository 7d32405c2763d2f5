
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * The protocol between nodes and Redis (docs/budgets.md, docs/redis.md) as a
 * model of which every state is visited: two nodes, a request each, one budget.
 *
 * What is on the way may be done at any time or never, twice, in any order (so
 * that two connections of a node are no different from one); its answer may be
 * lost, or come when the node has joined another store meanwhile.  Redis may go
 * back to what it was at any earlier moment, or to nothing; workers may die,
 * and a node may have an end of a request on record no more, or again: the two
 * binaries of an upgrade have a record each, and either may be the one that
 * joins.  The numbers of such events are bounded, the moments are not.
 *
 * In every state nothing is committed beyond the limit; whenever everything has
 * come to rest, Redis has counted what was spent, once, and holds nothing; and
 * there is no state from which that is not reached.
 *
 * Each rule of the protocol is left out in turn as well, and is missed.
 */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "protocol_moves.h"


static void
check(const state_t *s)
{
    int  i, kind, committed, spent, rest;

    committed = 0;
    spent = 0;
    rest = (s->mode[0] == READY && s->mode[1] == READY
            && s->known[0] == s->id && s->known[1] == s->id);

    for (i = 0; i < IDENTS; i++) {
        committed += (s->state[i] == HELD || s->state[i] == LOCAL
                      || s->state[i] == SPENT || s->state[i] == SETTLED);
        spent += (s->state[i] == SPENT || s->state[i] == SETTLED);
        rest = rest && (s->state[i] == NEVER || s->state[i] >= SETTLED)
               && s->late[i] == 0;

        for (kind = 0; kind < KINDS; kind++) {
            rest = rest && s->way[i][kind] == 0;
        }
    }

    if (committed > m.limit && !m.open) {
        m.wrong = "more is committed than the limit";
    }

    if (s->redis.spent > spent) {
        m.wrong = "something is counted twice";
    }

    if (rest && s->redis.spent != spent) {
        m.wrong = "something is not counted";
    }

    if (rest && (s->redis.reserved != 0 || s->redis.hold != 0)) {
        m.wrong = "something is held for ever";
    }

    if (!rest && m.found == 0) {
        m.wrong = "nothing goes on";
    }
}


/* what is wrong, or NULL */

static const char *
explore(int limit, int open, unsigned without, const state_t *start)
{
    int       i, kind, id;
    state_t   s;
    uint32_t  at;

    memset(m.table, 0, TABLE * sizeof(uint32_t));

    m.limit = limit;
    m.open = open;
    m.without = without;
    m.n = 0;
    m.wrong = NULL;

    visit(start);

    for (at = 0; at < m.n && m.wrong == NULL; at++) {
        s = m.queue[at];
        m.found = 0;

        for (i = 0; i < IDENTS; i++) {
            for (kind = 0; kind < KINDS; kind++) {
                for (id = 0; id < INCARNATIONS; id++) {
                    if (on_way(&s, i, kind, id)) {
                        deliver(&s, i, kind, id);
                    }
                }
            }

            arrive(&s, i);
            request(&s, i);
        }

        for (i = 0; i < NODES; i++) {
            join(&s, i);
        }

        check(&s);
        faults(&s);
    }

    return m.wrong;
}


static int
setup(void **state)
{
    (void) state;

    m.queue = malloc(TABLE / 2 * sizeof(state_t));
    m.table = malloc(TABLE * sizeof(uint32_t));

    return m.queue == NULL || m.table == NULL;
}


static int
teardown(void **state)
{
    (void) state;

    free(m.queue);
    free(m.table);

    return 0;
}


static state_t
start(int losses, int copies, int crashes, int kills, int timeouts, int delays)
{
    state_t  s;

    memset(&s, 0, sizeof(state_t));

    s.losses = losses;
    s.copies = copies;
    s.crashes = crashes;
    s.saves = crashes;
    s.kills = kills;
    s.timeouts = timeouts;
    s.delays = delays;
    s.joined = 3;

    return s;
}


static void
test_holds(void **state)
{
    unsigned     i;
    state_t      s;
    const char  *wrong;

    static const struct {
        int  limit, open;
        int  losses, copies, crashes, kills, timeouts, delays, drops, finds;
    } runs[] = {
        { 1, 0,  2, 1, 0, 0, 1, 0, 0, 0 },
        { 2, 0,  2, 1, 0, 0, 1, 0, 0, 0 },
        { 1, 1,  2, 1, 0, 0, 1, 0, 0, 0 },
        { 1, 0,  1, 0, 1, 0, 0, 0, 0, 0 },
        { 1, 0,  0, 1, 1, 0, 1, 0, 0, 0 },
        { 2, 0,  0, 0, 1, 0, 1, 0, 0, 0 },
        { 1, 1,  0, 0, 1, 0, 1, 0, 0, 0 },
        { 1, 0,  1, 1, 0, 1, 0, 0, 0, 0 },
        { 2, 0,  1, 0, 0, 1, 0, 0, 0, 0 },
        { 1, 0,  0, 0, 1, 1, 0, 0, 0, 0 },
        { 1, 0,  0, 0, 2, 0, 0, 0, 0, 0 },
        { 1, 0,  0, 0, 1, 0, 0, 1, 0, 0 },
        { 2, 0,  0, 0, 1, 0, 0, 1, 0, 0 },
        { 1, 0,  0, 0, 1, 0, 0, 0, 2, 0 },
        { 1, 0,  1, 0, 1, 0, 0, 0, 1, 0 },
        { 1, 0,  0, 0, 1, 0, 0, 1, 1, 0 },
        { 1, 0,  0, 0, 2, 0, 0, 0, 1, 0 },
        { 1, 0,  1, 0, 1, 0, 0, 0, 1, 1 },
        { 2, 0,  0, 0, 1, 0, 0, 0, 1, 1 }
    };

    (void) state;

    for (i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        s = start(runs[i].losses, runs[i].copies, runs[i].crashes,
                  runs[i].kills, runs[i].timeouts, runs[i].delays);
        s.drops = runs[i].drops;
        s.finds = runs[i].finds;

        print_message("limit %d%s, %d lost, %d twice, %d crashes, %d kills, "
                      "%d not waited for, %d late, %d forgotten, %d found: ",
                      runs[i].limit,
                      runs[i].open ? ", open" : "", runs[i].losses,
                      runs[i].copies, runs[i].crashes, runs[i].kills,
                      runs[i].timeouts, runs[i].delays, runs[i].drops,
                      runs[i].finds);

        wrong = explore(runs[i].limit, runs[i].open, 0, &s);

        print_message("%u states%s%s\n", m.n, wrong ? ", " : "",
                      wrong ? wrong : "");
        assert_null(wrong);
    }
}


/* a model that cannot fail shows nothing */

static void
test_is_missed(void **state)
{
    unsigned     i;
    state_t      s;
    const char  *wrong;

    static const unsigned  rules[] = {
        NO_BITMAP, NO_GUARD, NO_CANCEL, NO_RECORD, NO_HOLDS, NO_WAITING,
        NO_SHARE, NO_GRANT, NO_CONFIRM, NO_OWN, NO_FORGET, NO_ONCE
    };

    (void) state;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        s = rules[i] < NO_GRANT ? start(1, 1, 1, 0, 0, 0)
                                  : start(0, 0, 1, 0, 0, 1);
        s.drops = (rules[i] >= NO_OWN);
        s.finds = (rules[i] == NO_ONCE);

        wrong = explore(1, 0, rules[i], &s);

        print_message("without %03x: %s, after %u states\n", rules[i],
                      wrong ? wrong : "-", m.n);
        assert_non_null(wrong);
        assert_string_not_equal(wrong, "too many states");
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_holds),
        cmocka_unit_test(test_is_missed),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
