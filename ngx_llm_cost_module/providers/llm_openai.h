
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#ifndef _LLM_OPENAI_H_INCLUDED_
#define _LLM_OPENAI_H_INCLUDED_


/* what the files of the OpenAI dialect share among themselves */

#include <string.h>

#include "llm_dialect.h"


/* members of a request that cost, limit or change what is counted */

typedef enum {
    LLM_OPENAI_MODEL = 0,
    LLM_OPENAI_MESSAGES,
    LLM_OPENAI_INPUT,
    LLM_OPENAI_STREAM,
    LLM_OPENAI_STREAM_OPTIONS,
    LLM_OPENAI_MAX_TOKENS,
    LLM_OPENAI_MAX_COMPLETION,
    LLM_OPENAI_N,
    LLM_OPENAI_BEST_OF,
    LLM_OPENAI_TOOLS,
    LLM_OPENAI_TOOL_CHOICE,
    LLM_OPENAI_FUNCTIONS,
    LLM_OPENAI_FUNCTION_CALL,
    LLM_OPENAI_RESPONSE_FORMAT,
    LLM_OPENAI_SERVICE_TIER,
    LLM_OPENAI_STORE,
    LLM_OPENAI_MODALITIES,
    LLM_OPENAI_REASONING_EFFORT,
    LLM_OPENAI_WEB_SEARCH,
    LLM_OPENAI_PROMPT,
    LLM_OPENAI_SUFFIX,
    LLM_OPENAI_MODELS,
    LLM_OPENAI_FIELDS
} llm_openai_field_e;


/* nodes of the root's members; returns a name that occurs twice, or NULL */

const char *llm_openai_fields(const llm_json_t *j,
    uint32_t values[LLM_OPENAI_FIELDS]);

/* the node is there and not null */

int llm_openai_given(const llm_json_t *j, uint32_t node);


/* of a path: Mistral's agents and Portkey's prompts, which stand in the place
   of a model */

#define LLM_OPENAI_AGENT       1
#define LLM_OPENAI_PROMPTED    2


/*
 * llm_openai_hosts.c: hosts that take chat at paths of their own, where the
 * path may name the model, and the body says which kind of request it is.
 */

#define LLM_OPENAI_DATABRICKS  3
#define LLM_OPENAI_SNOWFLAKE   4
#define LLM_OPENAI_WATSONX     5
#define LLM_OPENAI_WATSONX_STREAM  6
#define LLM_OPENAI_CLOUDFLARE  7
#define LLM_OPENAI_VERTEX      8
#define LLM_OPENAI_VERTEX_STREAM  9

/* what the path says, where it is one of these */

void llm_openai_host_route(llm_route_t *route, const llm_str_t *star);

/* q is at one of these */

int llm_openai_hosted(const llm_request_t *q);

/* q->kind and model: LLM_OK, LLM_BAD, LLM_DECLINED: it is no such request */

int llm_openai_host_parse(llm_request_t *q, const uint32_t *f);


/* a family of models, as far as requests and counting differ */

typedef enum {
    LLM_OPENAI_OTHER = 0,     /* of another maker: counts are estimates */
    LLM_OPENAI_CLASSIC,       /* gpt-3.5, gpt-4, gpt-4o, gpt-4.1, gpt-4.5 */
    LLM_OPENAI_O_SERIES,      /* o1, o3, o4 */
    LLM_OPENAI_GPT5           /* gpt-5 and later */
} llm_openai_family_e;

llm_openai_family_e llm_openai_family(const llm_str_t *model);

/* the model's name without a provider, "openai." or "ft:" in front */

llm_str_t llm_openai_bare(const llm_str_t *model);

/* its output may be billed beyond what is shown; effort: of the request */

int llm_openai_thinks(const llm_request_t *q, uint32_t effort);

/* searches that it makes, or is asked to: q->most */

void llm_openai_parse_search(llm_request_t *q, uint32_t options);

/*
 * llm_openai_served.c: tools that the host runs.  LLM_OK; LLM_DECLINED: what
 * one takes nobody can say before, which llm_openai_crowd() tells: it asks
 * other models, or a machine that is paid by the second.
 */

int llm_openai_parse_served(llm_request_t *q, uint32_t tools);
int llm_openai_parse_plugins(llm_request_t *q);
int llm_openai_crowd(const llm_json_t *j, uint32_t tool);

/* how often one of OpenRouter's may be called, and what its searches cost
   beside themselves: q->search_pages */

int64_t llm_openai_uses(const llm_request_t *q, uint32_t tool);
void llm_openai_parse_pages(llm_request_t *q, uint32_t tool);

/* the larger of two numbers of calls; -1, no bound, is LLM_PRICE_CALLS */

int64_t llm_openai_more_calls(int64_t a, int64_t b);

/* the search that q->searches says, where no usage does */

void llm_openai_search_made(llm_answer_t *a);

/*
 * {"tool_calls_executed":3} of OpenRouter, where pages may have been read: no
 * more than these.  A response has an item for each.
 */

void llm_openai_fetched(llm_answer_t *a, const llm_json_t *j, uint32_t tools,
    llm_usage_t *u);

/* what an answer of Moonshot's calls, and takes money for, each time */

#define LLM_OPENAI_BUILTIN_SEARCH  "$web_search"

/*
 * Azure's model that asks another one: which, its answer says, and its fee is
 * an item beside that.
 */

int llm_openai_routed(const llm_str_t *model);
void llm_openai_routed_fee(llm_answer_t *a);

/* ... and how much each of them reads, where it is said */

void llm_openai_parse_search_size(llm_request_t *q, uint32_t node);

/* model begins with the text */

int llm_openai_is(const llm_str_t *model, const char *prefix);

/* s ends with the text */

int llm_openai_ends(const llm_str_t *s, const char *end);


/* text that grows; failed is set where memory was not to be had */

typedef struct {
    llm_mem_t            *mem;
    unsigned char        *data;
    size_t                len;
    size_t                size;
    unsigned              failed:1;
} llm_openai_text_t;

/* room for n bytes more than there are: 0 where there is none */

int llm_openai_grow(llm_openai_text_t *t, size_t n);


static inline int
llm_openai_reserve(llm_openai_text_t *t, size_t n)
{
    return (n <= t->size - t->len && !t->failed) || llm_openai_grow(t, n);
}


static inline void
llm_openai_put(llm_openai_text_t *t, const void *p, size_t n)
{
    if (n && llm_openai_reserve(t, n)) {
        memcpy(t->data + t->len, p, n);
        t->len += n;
    }
}


static inline void
llm_openai_puts(llm_openai_text_t *t, const char *s)
{
    llm_openai_put(t, s, strlen(s));
}


/* the string of a node, escapes resolved; nothing where it is no string */

void llm_openai_put_string(llm_openai_text_t *t, const llm_json_t *j,
    uint32_t node);

/* n bytes at an offset that the text has reached */

void llm_openai_insert(llm_openai_text_t *t, size_t at, const char *s);


/* the text from an offset on becomes a JSON string, without its quotes */

void llm_openai_escape(llm_openai_text_t *t, size_t from, unsigned flags);


/* a value as Python's json.dumps() writes it; of LLM_JSON_NONE nothing */

#define LLM_OPENAI_COMPACT   0            /* separators=(',', ':') */
#define LLM_OPENAI_SPACED    1            /* the default ones */
#define LLM_OPENAI_ASCII     2            /* ensure_ascii */
#define LLM_OPENAI_SCHEMA    4            /* less what models are not shown */

void llm_openai_render(llm_openai_text_t *t, const llm_json_t *j,
    uint32_t node, unsigned flags);


/* the members of tools or functions as a model sees them */

typedef struct llm_schema_open_s  llm_schema_open_t;

typedef struct {
    llm_openai_text_t        *text;
    const llm_json_t         *json;
    const llm_schema_open_t  *open;       /* what is being written */
    size_t                    from;       /* where the text of tools begins */
    uint32_t                  lists[2];   /* tools and functions */
    size_t                    values;     /* in them */
    size_t                    letters;    /* of them, once that is asked */
    size_t                    work;       /* bounds what $ref can repeat */
    unsigned                  depth;
    unsigned                  unions;     /* variants that were written */
    unsigned                  functions;  /* how many there were */
    unsigned                  old:1;      /* as models of June 2023 see it:
                                             no titles, a line a member */
    unsigned                  estimate:1; /* something is not as it is shown */
    unsigned                  cut:1;      /* there was more than is bounded */
} llm_openai_tools_t;

void llm_openai_tools(llm_openai_tools_t *r, uint32_t tools,
    uint32_t functions);


/*
 * Tokens of a picture for the request's model; *estimate is set where its size
 * cannot be seen.  The second is told the size, 0 by 0 if it is not known, and
 * "detail", which may be LLM_JSON_NONE.
 */

int64_t llm_openai_image(llm_request_t *q, uint32_t part, unsigned *estimate);
int64_t llm_openai_picture(llm_request_t *q, uint32_t detail, uint32_t w,
    uint32_t h, unsigned *estimate);


llm_path_e llm_openai_path(llm_route_t *route);


/* files of requests and batches, llm_openai_batch.c */

int llm_openai_batch_parse(llm_request_t *q);
int llm_openai_batch_inner(llm_request_t *q, llm_inner_t *in);

/* llm_openai_job.c: Mistral's */

int llm_openai_job_parse(llm_request_t *q);
int llm_openai_job_inner(llm_request_t *q, llm_inner_t *in);
int llm_openai_batch_answer(llm_answer_t *a, const llm_json_t *j);
int llm_openai_batch_event(llm_answer_t *a, const llm_str_t *data);

/* runs of assistants, llm_openai_run.c */

int llm_openai_run_parse(llm_request_t *q);
int llm_openai_run_answer(llm_answer_t *a, const llm_json_t *j);
int llm_openai_run_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);

/* the model that an Azure path names: 1, or 0 where it names none */

int llm_openai_deployment(const llm_str_t *path, llm_str_t *name);


int llm_openai_count(llm_request_t *q, llm_counter_t *c);

int llm_openai_edit(llm_request_t *q, llm_edits_t *e);

/* the value of the node becomes e->set_model, unless the path names it */

int llm_openai_edit_model(llm_request_t *q, llm_edits_t *e, uint32_t node);

size_t llm_openai_error(unsigned char *buf, const llm_refusal_t *f);

int llm_openai_answer(llm_answer_t *a, const llm_json_t *j);
int llm_openai_event(llm_answer_t *a, const llm_str_t *type,
    const llm_str_t *data);
void llm_openai_finish(llm_answer_t *a);

/* seconds of "24h" or "7d", at most LLM_LONG_MOST; 0: not known */

int64_t llm_openai_window(const llm_str_t *s);

/* a usage object into a->usage */

void llm_openai_usage(llm_answer_t *a, const llm_json_t *j, uint32_t obj);

/*
 * ... whose input and output are made whole by its total (-1: none), and by
 * what is known of who sends it
 */

void llm_openai_total(const llm_answer_t *a, llm_usage_t *u, int64_t total,
    unsigned vercel);

/* of pictures: who says what is of text and of pictures alone has read both */

void llm_openai_both(const llm_json_t *j, uint32_t obj, llm_usage_t *u);

/* {"web_search":{"count":2}}, or "search": searches that Qwen has run */

void llm_openai_plugged(llm_answer_t *a, const llm_json_t *j, uint32_t tools,
    uint32_t plugins, llm_usage_t *u);

/* what a gateway says in one that it takes, in nano-USD, or -1 */

int64_t llm_openai_usage_cost(const llm_json_t *j, uint32_t obj);

int llm_openai_needs(const llm_request_t *q, const llm_str_t *model);

/* a kept answer in another form, llm_openai_reform.c */

int llm_openai_reform(const llm_request_t *q, const llm_form_t *from,
    const llm_form_t *to, const llm_str_t *body, llm_text_t *out);


#endif /* _LLM_OPENAI_H_INCLUDED_ */
