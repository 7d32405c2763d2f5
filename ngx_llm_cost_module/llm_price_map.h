
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_PRICE_MAP_H_INCLUDED_
#define _LLM_PRICE_MAP_H_INCLUDED_


/* What the files that read a price map share.  Nobody else includes this. */

#include "llm_price_table.h"
#include "llm_json.h"


/* lines of a video, for which a row may have a price each */

#define LLM_PRICE_SIZES      6

/* and sizes of a picture */

#define LLM_PRICE_PICTURES   4

/* memory that is needed only while a map is read */

typedef struct llm_price_block_s  llm_price_block_t;

struct llm_price_block_s {
    llm_price_block_t  *next;
    max_align_t         data[];
};


typedef struct {
    llm_prices_t       *prices;
    llm_json_t          json;
    llm_mem_t           mem;
    llm_price_block_t  *blocks;

    llm_price_t         row;

    /* of the row: keys whose meaning depends on others, -1: not there */
    int64_t             max_tokens;
    int64_t             cache_hit;
    int64_t             input_second;
    int64_t             output_second;
    int64_t             sizes[LLM_PRICE_SIZES];
    int64_t             plain_second;
    int64_t             pictures[LLM_PRICE_PICTURES];
    uint32_t            tiered;              /* node of tiered_pricing */
    unsigned            billing:1;           /* web_search_billing_unit */

    /* texts that one row has in common with the one before */
    llm_str_t           last[4];

    char               *err;
    size_t              errsize;
} llm_price_map_t;


#define llm_price_map_is(s, text)                                             \
    ((s)->len == sizeof(text) - 1                                             \
     && memcmp((s)->data, text, sizeof(text) - 1) == 0)


/* LLM_BAD, the text names line, model, and key where there is one */

int llm_price_map_error(llm_price_map_t *m, uint32_t node,
    const llm_str_t *key, const char *what);

/* output_cost_per_second, that of a size, and that of a picture of a size; and
   rows for sizes */

int llm_price_map_size(llm_price_map_t *m, const llm_str_t *key, int64_t v);
int llm_price_map_picture(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node);
int llm_price_map_sizes(llm_price_map_t *m);

/* of a row that is an alias of model, the rows of its sizes */

int llm_price_map_alias_sizes(llm_price_map_t *m, const llm_str_t *model);

/* all of a row's members but its name; then what follows from them together */

int llm_price_map_members(llm_price_map_t *m, uint32_t node);
int llm_price_map_whole(llm_price_map_t *m);

/* one rate at its place; again: it may stand there already */

int llm_price_map_rate(llm_price_map_t *m, const llm_price_key_t *k,
    const llm_str_t *key, uint32_t node, int again);

/* *v as 10^-scale of one, from a number or a string; LLM_DECLINED: null */

int llm_price_map_scaled(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node, int scale, int64_t *v);

/*
 * A member that no reader has taken; other: one of any name, which is a price
 * if it is called so.
 */

int llm_price_map_unread(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node);
int llm_price_map_other(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node);

/* one more of the kind is not read */

int llm_price_map_unknown(llm_price_map_t *m, const llm_str_t *key);

/* the name that a row is an alias of, or LLM_JSON_NONE */

uint32_t llm_price_map_pointer(const llm_price_map_t *m, uint32_t node);

/* when the map's rows are in the table: the names that a row lists, and then
   a row that is an alias itself */

int llm_price_map_aliases(llm_price_map_t *m, const llm_str_t *name,
    uint32_t node);
int llm_price_map_alias(llm_price_map_t *m, const llm_str_t *name,
    uint32_t node);

/* the names of rates in a map */

extern const llm_price_name_t  llm_price_map_names[];

/* members that are objects or lists of their own */

int llm_price_map_hours(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node);
int llm_price_map_from(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node);
int llm_price_map_search(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node);
int llm_price_map_tiered(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node);
int llm_price_map_entry(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node);
int llm_price_map_factor(llm_price_map_t *m, const llm_str_t *key,
    uint32_t node, llm_factor_e factor);


#endif /* _LLM_PRICE_MAP_H_INCLUDED_ */
