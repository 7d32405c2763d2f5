
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai_answer.h"
#include "llm_json_lex.h"


/*
 * The text of answers, counted while it goes by: the only source of output
 * tokens where upstream never says how many there were.
 */

#define LLM_OPENAI_PART_NONE       0
#define LLM_OPENAI_PART_CONTENT    1
#define LLM_OPENAI_PART_REASONING  2
#define LLM_OPENAI_PART_REFUSAL    3
#define LLM_OPENAI_PART_FUNCTION   4
#define LLM_OPENAI_PART_TOOL       5      /* and on, by the call's index */


llm_openai_choice_t *
llm_openai_choice_at(llm_answer_t *a, llm_openai_state_t *st, int64_t index)
{
    llm_openai_choice_t  *ch;

    if (index < 0) {
        index = 0;
    }

    if (index >= LLM_OPENAI_CHOICES) {
        index = LLM_OPENAI_CHOICES - 1;
    }

    ch = st->choices[index];

    if (ch == NULL) {

        ch = llm_alloc(a->mem, sizeof(llm_openai_choice_t));
        if (ch == NULL) {
            return NULL;
        }

        ch->text = NULL;
        ch->tokens = 0;
        ch->part = LLM_OPENAI_PART_NONE;
        ch->calls = 0;
        ch->finished = 0;

        st->choices[index] = ch;

        if (index >= st->nchoices) {
            st->nchoices = (unsigned) index + 1;
        }
    }

    return ch;
}


static llm_openai_choice_t *
llm_openai_choice(llm_answer_t *a, llm_openai_state_t *st,
    const llm_json_t *j, uint32_t obj)
{
    int64_t   index;
    uint32_t  node;

    node = llm_json_get(j, obj, "index");

    if (node == LLM_JSON_NONE || llm_json_int(j, node, &index) != LLM_OK) {
        index = 0;
    }

    return llm_openai_choice_at(a, st, index);
}


static int
llm_openai_counting(const llm_answer_t *a, const llm_openai_state_t *st)
{
    return a->counter && a->usage.output < 0 && !st->uncounted;
}


/* the text without its escapes, in memory that is used again; 0: none left */

static int
llm_openai_plain(llm_answer_t *a, llm_openai_state_t *st, llm_str_t *s)
{
    if (s->len > st->size) {

        st->text = llm_alloc(a->mem, s->len * 2);
        if (st->text == NULL) {
            st->size = 0;
            st->uncounted = 1;
            return 0;
        }

        st->size = s->len * 2;
    }

    s->len = llm_json_decode(st->text, s->data, s->data + s->len);
    s->data = st->text;

    return 1;
}


void
llm_openai_feed(llm_answer_t *a, llm_openai_state_t *st,
    llm_openai_choice_t *ch, int64_t part, const llm_json_hole_t *text)
{
    llm_str_t  s;

    if (!llm_openai_counting(a, st)) {
        return;
    }

    s = text->text;

    if (text->escaped && !llm_openai_plain(a, st, &s)) {
        return;
    }

    if (ch->text == NULL) {

        ch->text = llm_alloc(a->mem, sizeof(llm_count_stream_t));
        if (ch->text == NULL) {
            st->uncounted = 1;
            return;
        }
    }

    if (ch->part != part) {

        if (ch->part != LLM_OPENAI_PART_NONE) {
            ch->tokens += llm_count_stream_finish(ch->text, NULL);
        }

        llm_count_stream_init(ch->text, a->counter->vocab,
                              a->counter->scratch);
        ch->part = part;
    }

    llm_count_stream_feed(ch->text, (const char *) s.data, s.len);
}


void
llm_openai_feed_node(llm_answer_t *a, llm_openai_state_t *st,
    llm_openai_choice_t *ch, int64_t part, const llm_json_t *j, uint32_t node)
{
    llm_json_hole_t         text;
    llm_openai_fed_t       *fed;
    const llm_json_node_t  *v;

    if (llm_kind_of(j, node) != LLM_JSON_STRING) {
        return;
    }

    v = llm_json_node(j, node);

    if (st->feeds.n < LLM_JSON_FORM_HOLES) {
        fed = &st->feeds.e[st->feeds.n];
        fed->node = node;
        fed->choice = ch;
        fed->part = part;
    }

    st->feeds.n++;

    text.text.data = (unsigned char *) j->data + v->start;
    text.text.len = v->end - v->start;
    text.escaped = v->escaped;

    llm_openai_feed(a, st, ch, part, &text);
}


void
llm_openai_feed_raw(llm_answer_t *a, llm_openai_state_t *st,
    llm_openai_choice_t *ch, int64_t part, const llm_json_t *j, uint32_t node)
{
    llm_json_hole_t  text;

    text.text.data = (unsigned char *) j->data + llm_json_node(j, node)->start;
    text.text.len = llm_json_size(j, node);
    text.escaped = 0;

    llm_openai_feed(a, st, ch, part, &text);
}


static void
llm_openai_feed_calls(llm_answer_t *a, llm_openai_state_t *st,
    llm_openai_choice_t *ch, const llm_json_t *j, uint32_t calls)
{
    int64_t                 index, n, part;
    uint32_t                i, node, fn;
    const llm_json_node_t  *v;

    v = j->nodes;

    if (llm_kind_of(j, calls) != LLM_JSON_ARRAY) {
        return;
    }

    n = 0;

    for (i = calls + 1; i < llm_json_next(j, calls); i = v[i].next, n++) {

        node = llm_json_get(j, i, "index");

        if (node == LLM_JSON_NONE || llm_json_int(j, node, &index) != LLM_OK
            || index < 0 || index > INT32_MAX)
        {
            index = n;
        }

        if (index >= ch->calls) {
            ch->calls = index + 1;
        }

        part = LLM_OPENAI_PART_TOOL + index * 2;
        fn = llm_json_get(j, i, "function");

        if (fn != LLM_JSON_NONE) {
            llm_openai_feed_node(a, st, ch, part, j,
                                 llm_json_get(j, fn, "name"));
            llm_openai_feed_node(a, st, ch, part + 1, j,
                                 llm_json_get(j, fn, "arguments"));
            continue;
        }

        fn = llm_json_get(j, i, "custom");

        if (fn != LLM_JSON_NONE) {
            llm_openai_feed_node(a, st, ch, part, j,
                                 llm_json_get(j, fn, "name"));
            llm_openai_feed_node(a, st, ch, part + 1, j,
                                 llm_json_get(j, fn, "input"));
        }
    }
}


/* a text, or Mistral's list of texts and of thoughts, which are lists again */

static void
llm_openai_feed_content(llm_answer_t *a, llm_openai_state_t *st,
    llm_openai_choice_t *ch, int64_t part, const llm_json_t *j, uint32_t node)
{
    uint32_t                i, f[2];
    const llm_json_node_t  *v;

    static const char * const  names[] = { "text", "thinking" };

    v = j->nodes;

    if (llm_kind_of(j, node) != LLM_JSON_ARRAY) {
        llm_openai_feed_node(a, st, ch, part, j, node);
        return;
    }

    for (i = node + 1; i < llm_json_next(j, node); i = v[i].next) {

        llm_json_fields(j, i, names, 2, f);

        llm_openai_feed_node(a, st, ch, part, j, f[0]);

        if (f[1] != LLM_JSON_NONE && part != LLM_OPENAI_PART_REASONING) {
            llm_openai_feed_content(a, st, ch, LLM_OPENAI_PART_REASONING, j,
                                    f[1]);
        }
    }
}


/* the text of a message, or of a delta of one */

static void
llm_openai_feed_message(llm_answer_t *a, llm_openai_state_t *st,
    llm_openai_choice_t *ch, const llm_json_t *j, uint32_t obj)
{
    uint32_t  f[7];

    static const char * const  names[] = {
        "content", "reasoning_content", "reasoning", "refusal", "tool_calls",
        "function_call", "audio"
    };

    llm_json_fields(j, obj, names, 7, f);

    /* the same thoughts, in the spelling of one maker or of the other */

    llm_openai_feed_node(a, st, ch, LLM_OPENAI_PART_REASONING, j,
                         llm_openai_given(j, f[1]) ? f[1] : f[2]);
    llm_openai_feed_content(a, st, ch, LLM_OPENAI_PART_CONTENT, j, f[0]);
    llm_openai_feed_node(a, st, ch, LLM_OPENAI_PART_REFUSAL, j, f[3]);
    llm_openai_feed_calls(a, st, ch, j, f[4]);

    if (llm_openai_given(j, f[5])) {
        ch->calls += (ch->calls == 0);
        llm_openai_feed_node(a, st, ch, LLM_OPENAI_PART_FUNCTION, j,
                             llm_json_get(j, f[5], "name"));
        llm_openai_feed_node(a, st, ch, LLM_OPENAI_PART_FUNCTION, j,
                             llm_json_get(j, f[5], "arguments"));
    }

    if (llm_openai_given(j, f[6])) {
        llm_openai_feed_node(a, st, ch, LLM_OPENAI_PART_CONTENT, j,
                             llm_json_get(j, f[6], "transcript"));
    }
}


/*
 * Groq's tools: what they were is in the message alone.  A stream may say one
 * of them several times, by its index.
 */

static void
llm_openai_executed(llm_answer_t *a, llm_openai_state_t *st,
    const llm_json_t *j, uint32_t list)
{
    size_t                  k;
    int64_t                 index, *n;
    uint32_t                i, f[3], name;
    const llm_json_node_t  *v;

    static const char * const  names[] = { "name", "type", "index" };

    static const struct {
        const char  *name;
        size_t       field;
    } tools[] = {
        { "browser.search", offsetof(llm_usage_t, searches) },
        { "search", offsetof(llm_usage_t, searches) },
        { "web_search", offsetof(llm_usage_t, searches) },
        { "browser.open", offsetof(llm_usage_t, web_fetches) },
        { "visit", offsetof(llm_usage_t, web_fetches) },
        { "visit_website", offsetof(llm_usage_t, web_fetches) }
    };

    v = j->nodes;

    for (i = list + 1; i < llm_json_next(j, list); i = v[i].next) {

        llm_json_fields(j, i, names, 3, f);

        if (a->stream && f[2] != LLM_JSON_NONE
            && llm_json_int(j, f[2], &index) == LLM_OK
            && index >= 0 && index < 64)
        {
            if (st->executed & (1ULL << index)) {
                continue;
            }

            st->executed |= 1ULL << index;
        }

        name = llm_openai_given(j, f[0]) ? f[0] : f[1];

        for (k = 0; k < sizeof(tools) / sizeof(tools[0]); k++) {

            if (llm_kind_of(j, name) == LLM_JSON_STRING
                && llm_json_equal(j, name, tools[k].name))
            {
                n = (int64_t *) ((char *) &a->usage + tools[k].field);
                *n = llm_sum(*n, 1);
            }
        }
    }
}


/* Moonshot's search is a call that the client hands back; a stream names it
   with its first piece alone */

static void
llm_openai_builtins(llm_answer_t *a, const llm_json_t *j, uint32_t list)
{
    uint32_t  i, name;

    for (i = list + 1; llm_kind_of(j, list) == LLM_JSON_ARRAY
         && i < llm_json_next(j, list); i = llm_json_next(j, i))
    {
        name = llm_json_get(j, llm_json_get(j, i, "function"), "name");

        if (llm_kind_of(j, name) == LLM_JSON_STRING
            && llm_json_equal(j, name, LLM_OPENAI_BUILTIN_SEARCH))
        {
            a->usage.searches = llm_sum(a->usage.searches, 1);
        }
    }
}


/* a message or a delta of one: its text, and what was done for it */

static void
llm_openai_message(llm_answer_t *a, llm_openai_state_t *st,
    llm_openai_choice_t *ch, const llm_json_t *j, uint32_t obj)
{
    uint32_t  tools;

    if (llm_kind_of(j, obj) != LLM_JSON_OBJECT) {
        return;
    }

    if (a->stream || llm_openai_counting(a, st)) {
        llm_openai_feed_message(a, st, ch, j, obj);
    }

    tools = llm_json_get(j, obj, "executed_tools");

    if (llm_kind_of(j, tools) == LLM_JSON_ARRAY) {
        llm_openai_executed(a, st, j, tools);
    }

    if (a->q && a->q->most.searches) {
        llm_openai_builtins(a, j, llm_json_get(j, obj, "tool_calls"));
    }
}


static void
llm_openai_ended(llm_answer_t *a, llm_openai_choice_t *ch,
    const llm_json_t *j, uint32_t reason)
{
    if (!llm_openai_given(j, reason)) {
        return;
    }

    ch->finished = 1;

    if (llm_json_equal(j, reason, "length")) {
        a->truncated = 1;
    }
}


int
llm_openai_choices(llm_answer_t *a, llm_openai_state_t *st,
    const llm_json_t *j, uint32_t choices)
{
    uint32_t                i, k, usage, f[6];
    llm_openai_choice_t    *ch;
    const llm_json_node_t  *v;

    static const char * const  names[] = { "delta", "message",
                                           "finish_reason", "text",
                                           "messages", "usage" };

    v = j->nodes;
    usage = LLM_JSON_NONE;

    if (llm_kind_of(j, choices) != LLM_JSON_ARRAY) {
        return LLM_OK;
    }

    for (i = choices + 1; i < llm_json_next(j, choices); i = v[i].next) {

        if (v[i].type != LLM_JSON_OBJECT) {
            continue;
        }

        ch = llm_openai_choice(a, st, j, i);
        if (ch == NULL) {
            return LLM_ERROR;
        }

        llm_json_fields(j, i, names, 6, f);

        llm_openai_message(a, st, ch, j,
                           llm_openai_given(j, f[0]) ? f[0] : f[1]);

        /* of Mistral's, where tools of its own were called between them */

        if (llm_kind_of(j, f[4]) == LLM_JSON_ARRAY) {
            for (k = f[4] + 1; k < llm_json_next(j, f[4]); k = v[k].next) {
                llm_openai_message(a, st, ch, j, k);
            }
        }

        if (a->kind == LLM_KIND_COMPLETION) {
            llm_openai_feed_node(a, st, ch, LLM_OPENAI_PART_CONTENT, j, f[3]);
        }

        llm_openai_ended(a, ch, j, f[2]);

        if (llm_kind_of(j, f[5]) == LLM_JSON_OBJECT && v[f[5]].next > f[5] + 1)
        {
            usage = f[5];
        }
    }

    /* Moonshot says it here, where it is not asked to say it by itself */

    if (!st->usage && usage != LLM_JSON_NONE) {
        llm_openai_usage(a, j, usage);
    }

    return LLM_OK;
}


int
llm_openai_all_finished(const llm_openai_state_t *st)
{
    unsigned  i, n;

    for (n = 0, i = 0; i < st->nchoices; i++) {

        if (st->choices[i] == NULL) {
            continue;
        }

        if (!st->choices[i]->finished) {
            return 0;
        }

        n++;
    }

    return n > 0;
}


/*
 * What stands around a reply besides its text: the same for a choice whatever
 * is in it, found from recorded answers.  Hidden reasoning cannot be counted.
 */

static int64_t
llm_openai_overhead(const llm_answer_t *a, const llm_openai_choice_t *ch)
{
    if (a->kind == LLM_KIND_COMPLETION) {
        return 0;
    }

    switch (llm_openai_family(&a->model)) {

    case LLM_OPENAI_O_SERIES:
    case LLM_OPENAI_GPT5:
        return ch->calls ? 16 * ch->calls : 10;

    default:
        return (ch->calls > 1) ? 8 + 10 * ch->calls : 7 * ch->calls;
    }
}


void
llm_openai_count_output(llm_answer_t *a, const llm_openai_state_t *st)
{
    unsigned                    i;
    const llm_openai_choice_t  *ch;

    a->counted_output = 0;

    for (i = 0; i < st->nchoices; i++) {

        ch = st->choices[i];

        if (ch == NULL || ch->part == LLM_OPENAI_PART_NONE) {
            continue;
        }

        a->counted_output += ch->tokens
                             + llm_count_stream_finish(ch->text, NULL)
                             + llm_openai_overhead(a, ch);
    }
}
