/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 *
 * Which vocabulary a model uses.
 */

#include "llm_tok_internal.h"


#define LLM_TOK_MODEL       256         /* bytes of a name */
#define LLM_TOK_DEFAULT     "o200k_base"


/*
 * The first row that matches the whole name wins; letters of either case are
 * the same.  o200k_harmony, which gpt-oss has, differs from o200k_base in its
 * special tokens only; Qwen 2 and 2.5 from Qwen 3 likewise, and what Mistral
 * calls versions 2 and 3 from the first.  The vocabulary of a row that is an
 * estimate is only near: that of the maker's models that are published.
 */

static const struct {
    const char  *model;
    const char  *vocab;
    int          estimate;
} llm_tok_models[] = {
    { "(chat)?gpt-(4o|4\\.1|4\\.5|5|oss|image|realtime|audio).*",
                                                        "o200k_base", 0 },
    { "(codex-mini|computer-use|o4-).*",                "o200k_base", 0 },
    { "o[13](-.*)?",                                    "o200k_base", 0 },
    { "gpt-(4|4-.*|3\\.5.*|35-.*)",                     "cl100k_base", 0 },
    { "text-embedding-(3-|ada-002).*",                  "cl100k_base", 0 },
    { "(davinci|babbage)-002.*",                        "cl100k_base", 0 },
    { "text-davinci-00[23]|code-(davinci|cushman)-.*",  "p50k_base", 0 },
    { "(text-)?(davinci|curie|babbage|ada)(-001)?",     "r50k_base", 0 },
    { "(anthropic\\.)?claude-(v?[12]|instant).*",       "claude", 0 },
    { ".*claude.*",                                     "o200k_base", 1 },
    { "deepseek-r1-distill-llama.*",                    "llama3", 0 },
    { "deepseek-r1-(distill|0528)-qwen.*",              "qwen3", 0 },
    { "deepseek-(v3|r1).*",                             "deepseek_v3", 0 },
    { "deepseek.*",                                     "deepseek_v3", 1 },
    { "(llama-?|llama-v|meta-llama-|(us\\.)?meta\\.llama)3.*",
                                                        "llama3", 0 },
    { "qwen(2\\.5.*|2-.*|3|3-.*)|qwq.*",                "qwen3", 0 },
    { "qwen.*",                                         "qwen3", 1 },
    { "gemma-?3.*",                                     "gemma3", 0 },
    { "gemma.*|gemini-1.*|gemini-pro",                  "gemini", 1 },
    { "gemini.*",                                       "gemma3", 1 },
    { "(open-)?mi[sx]tral-(7b|8x7b|8x22b|tiny).*",      "mistral", 0 },
    { "mistral-(large-240[27]|small-240[29]).*",        "mistral", 0 },
    { "codestral-2405.*|mathstral.*",                   "mistral", 0 },
    { "(open-)?mistral-nemo.*|pixtral.*|ministral.*",   "tekken", 0 },
    { "mistral-small-(3|25).*|magistral.*|devstral.*",  "tekken", 0 },
    { "mi[sx]tral.*|codestral.*|voxtral.*",             "tekken", 1 },
};

#define LLM_TOK_MODELS  (sizeof(llm_tok_models) / sizeof(llm_tok_models[0]))


/*
 * The patterns are regular expressions as far as the table needs them: text,
 * "." and "\.", sets, groups with "|", and "?" or "*" behind any of these.
 * Each part of one maps the places up to which the name is matched to those up
 * to which it is with that part, all at once: there is nothing to go back to.
 */

typedef struct {
    uint8_t  at[LLM_TOK_MODEL + 1];
} llm_tok_places_t;

typedef struct {
    const char  *name;              /* in small letters */
    size_t       len;
} llm_tok_name_t;

static const char *llm_tok_match(const char *p, const llm_tok_name_t *name,
    llm_tok_places_t *s);


/* the end of what begins at p: a character, a set or a group */

static const char *
llm_tok_atom_end(const char *p)
{
    int  depth;

    switch (*p) {

    case '\\':
        return p + 2;

    case '[':
        return strchr(p, ']') + 1;

    case '(':
        for (depth = 0; /* void */ ; p++) {
            depth += (*p == '(') - (*p == ')');

            if (depth == 0) {
                return p + 1;
            }
        }

    default:
        return p + 1;
    }
}


static int
llm_tok_atom_is(const char *p, const char *end, char c)
{
    if (*p == '[') {
        return memchr(p + 1, c, (size_t) (end - p - 2)) != NULL;
    }

    return *p == '.' || *(*p == '\\' ? p + 1 : p) == c;
}


static void
llm_tok_match_atom(const char *p, const char *end, const llm_tok_name_t *name,
    llm_tok_places_t *s)
{
    size_t  i;

    if (*p == '(') {
        (void) llm_tok_match(p + 1, name, s);
        return;
    }

    for (i = name->len; i > 0; i--) {
        s->at[i] = s->at[i - 1] && llm_tok_atom_is(p, end, name->name[i - 1]);
    }

    s->at[0] = 0;
}


/* adds places; returns whether one is new */

static int
llm_tok_add_places(llm_tok_places_t *s, const llm_tok_places_t *more)
{
    int     new;
    size_t  i;

    for (i = 0, new = 0; i <= LLM_TOK_MODEL; i++) {
        new |= more->at[i] && !s->at[i];
        s->at[i] |= more->at[i];
    }

    return new;
}


/* up to a ")" or the end of the pattern */

static const char *
llm_tok_match(const char *p, const llm_tok_name_t *name, llm_tok_places_t *s)
{
    const char        *end;
    llm_tok_places_t   from, all, next;

    from = *s;
    memset(&all, 0, sizeof(all));

    while (*p && *p != ')') {

        if (*p == '|') {
            (void) llm_tok_add_places(&all, s);
            *s = from;
            p++;
            continue;
        }

        end = llm_tok_atom_end(p);
        next = *s;

        if (*end != '*') {
            llm_tok_match_atom(p, end, name, &next);

            if (*end == '?') {
                (void) llm_tok_add_places(s, &next);

            } else {
                *s = next;
            }

        } else {
            do {
                llm_tok_match_atom(p, end, name, &next);
            } while (llm_tok_add_places(s, &next));
        }

        p = end + (*end == '?' || *end == '*');
    }

    (void) llm_tok_add_places(s, &all);

    return p;
}


static int
llm_tok_model_is(const char *pattern, const llm_tok_name_t *name)
{
    llm_tok_places_t  s;

    memset(&s, 0, sizeof(s));
    s.at[0] = 1;
    (void) llm_tok_match(pattern, name, &s);

    return s.at[name->len];
}


/* "azure/eu/gpt-4o", "ft:gpt-4o:org::id" and "openai/ft:..." */

static int
llm_tok_model_name(const char *model, size_t len, llm_tok_name_t *name,
    char *buf)
{
    size_t  i;

    for (i = len; i > 0; i--) {
        if (model[i - 1] == '/') {
            model += i;
            len -= i;
            break;
        }
    }

    if (len > 3 && memcmp(model, "ft:", 3) == 0) {
        model += 3;
        len -= 3;
    }

    for (i = 0; i < len && model[i] != ':'; i++) {
        if (i == LLM_TOK_MODEL) {
            return 0;
        }

        buf[i] = model[i] >= 'A' && model[i] <= 'Z' ? model[i] | 0x20
                                                    : model[i];
    }

    name->name = buf;
    name->len = i;

    return 1;
}


const char *
llm_model_vocab(const char *model, size_t len, int *estimate)
{
    char            buf[LLM_TOK_MODEL];
    size_t          i;
    llm_tok_name_t  name;

    if (llm_tok_model_name(model, len, &name, buf)) {

        for (i = 0; i < LLM_TOK_MODELS; i++) {
            if (llm_tok_model_is(llm_tok_models[i].model, &name)) {
                if (estimate) {
                    *estimate = llm_tok_models[i].estimate;
                }

                return llm_tok_models[i].vocab;
            }
        }
    }

    if (estimate) {
        *estimate = 1;
    }

    return LLM_TOK_DEFAULT;
}


const char *
llm_model_row(size_t i, const char **vocab, int *estimate)
{
    if (i >= LLM_TOK_MODELS) {
        return NULL;
    }

    *vocab = llm_tok_models[i].vocab;
    *estimate = llm_tok_models[i].estimate;

    return llm_tok_models[i].model;
}
