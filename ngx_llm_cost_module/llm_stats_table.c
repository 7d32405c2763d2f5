
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


/*
 * Rows of the statistics: a chained hash over fixed slots, lists by time, and
 * what leaves them when there is no room.
 */

#include <string.h>

#include "llm_stats_region.h"


static uint32_t *llm_row_bucket(llm_stats_t *st, uint32_t time,
    uint32_t label);
static llm_stats_entry_t *llm_row_find(llm_stats_t *st, uint32_t time,
    uint32_t label);
static uint32_t llm_row_take(llm_stats_t *st);
static llm_stats_entry_t *llm_row_make(llm_stats_t *st, uint64_t hour,
    llm_stats_dim_e dim, uint32_t label);
static llm_stats_entry_t *llm_row_user(llm_stats_t *st, uint64_t hour,
    uint32_t label);
static void llm_row_unlink(llm_stats_t *st, llm_stats_entry_t *row);
static void llm_row_set(llm_stats_t *st, llm_stats_entry_t *row,
    uint32_t time, uint32_t label);
static void llm_list_append(llm_stats_t *st, llm_stats_list_t *list,
    const llm_stats_list_t *rows);
static void llm_list_gone(llm_stats_t *st, llm_stats_list_t *list);
static void llm_stats_room(llm_stats_t *st, uint64_t hour);
static int llm_stats_oldest(llm_stats_t *st, uint64_t hour, int users);
static void llm_stats_reap(llm_stats_t *st);


/* names of one hour that get a row of their own */

static const uint16_t  llm_stats_names[LLM_STATS_USER] = {
    256,                              /* models */
    64,                               /* providers */
    256,                              /* endpoints */
    512                               /* values of all tags */
};


void
llm_stats_turn(llm_stats_t *st, uint64_t hour)
{
    uint64_t           zero, day;
    llm_stats_day_t   *d;
    llm_stats_hour_t  *h;
    llm_stats_list_t   none = { 0, 0 };
    unsigned           i;

    h = &st->hours[hour % LLM_STATS_RING];
    d = &st->days[hour / 24 % LLM_STATS_DAYS];
    zero = 0;

    if (h->hour != hour) {
        llm_list_gone(st, &h->rows);
        llm_redo_set64(&st->redo, &h->hour, &hour);
        llm_redo_set64(&st->redo, &h->rows, &none);
        llm_redo_set64(&st->redo, h->names, &zero);

        for (i = 0; i < sizeof(h->totals) / sizeof(int64_t); i++) {
            llm_redo_set64(&st->redo, (int64_t *) &h->totals + i, &zero);
        }

        (void) llm_redo_commit(&st->redo);
    }

    day = hour / 24;

    if (d->day != day) {

        /* users drawn are those of a list that is whole, or none */

        if (d->day == st->user_day) {
            llm_redo_set32(&st->redo, &st->users_n, 0);
        }

        llm_list_gone(st, &d->rows);
        llm_redo_set64(&st->redo, &d->day, &day);
        llm_redo_set64(&st->redo, &d->rows, &none);
        (void) llm_redo_commit(&st->redo);
    }

    /* a day long before the one of before: that one was a clock's mistake */

    if (st->user_day < day || st->user_day > day + 1) {
        llm_redo_set64(&st->redo, &st->user_day, &day);
        llm_redo_set32(&st->redo, &st->users_n, 0);
        (void) llm_redo_commit(&st->redo);
    }

    llm_stats_reap(st);
    llm_stats_room(st, hour);
}


llm_stats_entry_t *
llm_stats_row(llm_stats_t *st, uint64_t hour, llm_stats_dim_e dim,
    const llm_str_t *text, const llm_str_t *tag)
{
    uint32_t            label, name;
    llm_stats_entry_t  *row;

    if (text->len == 0 || (tag && tag->len == 0)) {
        return NULL;
    }

    name = tag ? llm_label_get(st, LLM_STATS_TAG_NAME, tag, 0) : 0;

    if (tag && name == 0) {
        return NULL;
    }

    label = llm_label_get(st, dim, text, name);

    if (label == 0) {
        return NULL;
    }

    row = llm_row_find(st, dim == LLM_STATS_USER ? hour / 24 : hour, label);

    if (row) {
        return row;
    }

    row = dim == LLM_STATS_USER ? llm_row_user(st, hour, label)
                                : llm_row_make(st, hour, dim, label);

    /* a label that no row took goes again at once */

    if (row == NULL) {
        llm_label_drop(st, label);
    }

    return row;
}


static uint32_t *
llm_row_bucket(llm_stats_t *st, uint32_t time, uint32_t label)
{
    uint64_t  word;

    word = (uint64_t) time << 32 | label;

    return (uint32_t *) llm_stats_at(st, row_buckets_off)
           + (((llm_shm_hash(st->seed, &word, 1) & 0xffffffff)
               * st->rows_max) >> 32);
}


static llm_stats_entry_t *
llm_row_find(llm_stats_t *st, uint32_t time, uint32_t label)
{
    uint32_t            i;
    llm_stats_label_t  *lb;
    llm_stats_entry_t  *row;

    lb = llm_stats_label(st, label);
    i = lb->row;

    if (i != 0 && i <= st->rows_top) {
        row = llm_stats_entry(st, i);

        if (row->time == time && row->label == label) {
            return row;
        }
    }

    for (i = *llm_row_bucket(st, time, label); i != 0; i = row->next) {
        row = llm_stats_entry(st, i);

        if (row->time == time && row->label == label) {
            lb->row = i;
            return row;
        }
    }

    return NULL;
}


/*
 * The index of a row that is not in use, 0: there is none.  It is taken when
 * the redo record is committed.
 */

static uint32_t
llm_row_take(llm_stats_t *st)
{
    uint32_t            i;
    llm_stats_entry_t  *row;

    if (st->rows_free != 0) {
        i = st->rows_free;

    } else if (st->rows_top < st->rows_max) {
        i = st->rows_top + 1;

    } else {
        return 0;
    }

    row = llm_stats_entry(st, i);
    row->follow = 0;
    row->label = 0;

    if (i == st->rows_free) {
        llm_redo_set32(&st->redo, &st->rows_free, row->next);

    } else {
        llm_redo_set32(&st->redo, &st->rows_top, i);
    }

    llm_redo_set32(&st->redo, &st->rows_used, st->rows_used + 1);

    return i;
}


/* a new row at the end of the list of its hour or day */

static llm_stats_entry_t *
llm_row_make(llm_stats_t *st, uint64_t hour, llm_stats_dim_e dim,
    uint32_t label)
{
    uint16_t            names[LLM_STATS_USER];
    uint32_t            i;
    llm_stats_hour_t   *h;
    llm_stats_list_t    one, *list;
    llm_stats_entry_t  *row;

    h = &st->hours[hour % LLM_STATS_RING];

    if (dim != LLM_STATS_USER && h->names[dim] >= llm_stats_names[dim]) {
        return NULL;
    }

    i = llm_row_take(st);
    if (i == 0) {
        return NULL;
    }

    row = llm_stats_entry(st, i);

    list = dim == LLM_STATS_USER ? &st->days[hour / 24 % LLM_STATS_DAYS].rows
                                 : &h->rows;
    one.first = i;
    one.last = i;
    llm_list_append(st, list, &one);

    if (dim != LLM_STATS_USER) {
        memcpy(names, h->names, sizeof(names));
        names[dim]++;
        llm_redo_set64(&st->redo, h->names, names);

    } else {
        llm_redo_set32(&st->redo, &llm_stats_users(st)[st->users_n], i);
        llm_redo_set32(&st->redo, &st->users_n, st->users_n + 1);
    }

    if (llm_redo_commit(&st->redo) != LLM_OK) {
        return NULL;
    }

    llm_row_set(st, row, dim == LLM_STATS_USER ? hour / 24 : hour, label);

    return row;
}


/*
 * A day has room for so many users.  One more takes the place of one that
 * spent least among some drawn at random, who is then part of "other".
 */

static llm_stats_entry_t *
llm_row_user(llm_stats_t *st, uint64_t hour, uint32_t label)
{
    unsigned            i;
    uint64_t            word[2];
    llm_stats_entry_t  *row, *least;

    if (hour / 24 != st->user_day) {
        return NULL;
    }

    if (st->users_n < st->users_max) {
        return llm_row_make(st, hour, LLM_STATS_USER, label);
    }

    least = NULL;
    word[0] = st->lifetime.count;

    for (i = 0; i < LLM_STATS_DRAW; i++) {
        word[1] = i;
        row = llm_stats_entry(st, llm_stats_users(st)
                        [llm_shm_hash(st->seed, word, 2) % st->users_n]);

        if (least == NULL || row->cost < least->cost
            || (row->cost == least->cost && row->count < least->count))
        {
            least = row;
        }
    }

    llm_row_unlink(st, least);
    llm_row_set(st, least, hour / 24, label);

    return least;
}


/* out of the hash, but still in the list of its hour or day */

static void
llm_row_unlink(llm_stats_t *st, llm_stats_entry_t *row)
{
    uint32_t            i, label, *link;
    llm_stats_label_t  *lb;

    label = row->label;

    if (label == 0) {
        return;
    }

    i = (uint32_t) (row - llm_stats_entry(st, 1)) + 1;
    link = llm_row_bucket(st, row->time, label);

    while (*link != i) {
        link = &llm_stats_entry(st, *link)->next;
    }

    lb = llm_stats_label(st, label);

    llm_redo_set32(&st->redo, link, row->next);
    llm_redo_set32(&st->redo, &row->label, 0);
    llm_redo_set32(&st->redo, &lb->refs, lb->refs - 1);
    (void) llm_redo_commit(&st->redo);

    llm_label_drop(st, label);
}


/* a row without a label begins to count for one */

static void
llm_row_set(llm_stats_t *st, llm_stats_entry_t *row, uint32_t time,
    uint32_t label)
{
    uint32_t           *bucket;
    llm_stats_label_t  *lb;

    row->time = time;
    row->count = 0;
    row->input = 0;
    row->output = 0;
    row->cost = 0;

    bucket = llm_row_bucket(st, time, label);
    lb = llm_stats_label(st, label);

    llm_redo_set32(&st->redo, &row->next, *bucket);
    llm_redo_set32(&st->redo, bucket,
                   (uint32_t) (row - llm_stats_entry(st, 1)) + 1);
    llm_redo_set32(&st->redo, &row->label, label);
    llm_redo_set32(&st->redo, &lb->refs, lb->refs + 1);
    (void) llm_redo_commit(&st->redo);
}


/* into the redo record */

static void
llm_list_append(llm_stats_t *st, llm_stats_list_t *list,
    const llm_stats_list_t *rows)
{
    if (list->last != 0) {
        llm_redo_set32(&st->redo, &llm_stats_entry(st, list->last)->follow,
                       rows->first);

    } else {
        llm_redo_set32(&st->redo, &list->first, rows->first);
    }

    llm_redo_set32(&st->redo, &list->last, rows->last);
}


static void
llm_list_gone(llm_stats_t *st, llm_stats_list_t *list)
{
    if (list->first != 0) {
        llm_list_append(st, &st->gone, list);
    }
}


/*
 * Room for a request with all of its names new, in bounded time.  Users have
 * the most names, so it is their days that make room for names.
 */

static void
llm_stats_room(llm_stats_t *st, uint64_t hour)
{
    int       labels;
    unsigned  need;

    need = LLM_STATS_DIM_N + 2 * LLM_STATS_TAGS;
    labels = st->labels_max - st->labels_used < need;

    if (!labels && st->rows_max - st->rows_used >= need) {
        return;
    }

    if (st->gone.first == 0
        && (!labels || !llm_stats_oldest(st, hour, 1)))
    {
        (void) llm_stats_oldest(st, hour, 0);
    }

    llm_stats_reap(st);
}


/* the rows of the oldest hour or day go, but not those of the present */

static int
llm_stats_oldest(llm_stats_t *st, uint64_t hour, int users)
{
    uint64_t           least;
    unsigned           i;
    llm_stats_day_t   *d;
    llm_stats_hour_t  *h;
    llm_stats_list_t  *oldest, none = { 0, 0 };

    oldest = NULL;
    least = UINT64_MAX;

    for (i = 0; i < LLM_STATS_DAYS; i++) {
        d = &st->days[i];

        if (d->rows.first && d->day != hour / 24 && d->day != st->user_day
            && d->day * 24 + 23 < least)
        {
            least = d->day * 24 + 23;
            oldest = &d->rows;
        }
    }

    for (i = 0; i < LLM_STATS_RING && !users; i++) {
        h = &st->hours[i];

        if (h->rows.first && h->hour != hour && h->hour < least) {
            least = h->hour;
            oldest = &h->rows;
        }
    }

    if (oldest == NULL) {
        return 0;
    }

    llm_list_gone(st, oldest);
    llm_redo_set64(&st->redo, oldest, &none);
    (void) llm_redo_commit(&st->redo);

    return 1;
}


static void
llm_stats_reap(llm_stats_t *st)
{
    unsigned            n;
    uint32_t            i;
    llm_stats_entry_t  *row;

    for (n = 0; n < LLM_STATS_REAP && st->gone.first != 0; n++) {
        i = st->gone.first;
        row = llm_stats_entry(st, i);

        llm_row_unlink(st, row);

        llm_redo_set32(&st->redo, &st->gone.first, row->follow);

        if (row->follow == 0) {
            llm_redo_set32(&st->redo, &st->gone.last, 0);
        }

        llm_redo_set32(&st->redo, &row->next, st->rows_free);
        llm_redo_set32(&st->redo, &st->rows_free, i);
        llm_redo_set32(&st->redo, &st->rows_used, st->rows_used - 1);
        (void) llm_redo_commit(&st->redo);
    }
}
