
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_openai.h"
#include "llm_image.h"

#include <string.h>


/*
 * Pictures cost by their size, as OpenAI's guide to images says it (September
 * 2026): by tiles of 512 pixels, or since gpt-4.1-mini by patches of 32.  The
 * size of one that is sent as data is in its first bytes; one that is sent as
 * an address is taken to be as large as it can be.
 */

#define LLM_IMAGE_FIT        2048        /* the square that it must fit */
#define LLM_IMAGE_SHORT      768         /* its shorter side after that */
#define LLM_IMAGE_TILE       512
#define LLM_IMAGE_TILES      8           /* 768 x 2048 */
#define LLM_IMAGE_PATCH      32


/* how large a picture may be to be seen as it is */

static const llm_image_fit_t  llm_image_low = { LLM_IMAGE_PATCH, 512, 256 };
static const llm_image_fit_t  llm_image_old = { LLM_IMAGE_PATCH, 2048, 1536 };
static const llm_image_fit_t  llm_image_wide = { LLM_IMAGE_PATCH, 2048, 6144 };
static const llm_image_fit_t  llm_image_high = { LLM_IMAGE_PATCH, 2048, 2500 };
static const llm_image_fit_t  llm_image_long = { LLM_IMAGE_PATCH, 65535,
                                                 2500 };
static const llm_image_fit_t  llm_image_original = { LLM_IMAGE_PATCH, 6000,
                                                     10000 };

/* one that is larger is refused, and not made smaller */

static const llm_image_fit_t  llm_image_whole = { LLM_IMAGE_PATCH, 65535,
                                                  30000 };

/* of others' models, which see up to some 4,000 tokens in a picture */

static const llm_image_fit_t  llm_image_other = { LLM_IMAGE_PATCH, 2048,
                                                  3136 };


typedef struct {
    const char             *model;
    unsigned                base;        /* tokens of any picture */
    unsigned                tile;        /* and of a tile; 0: patches */
    unsigned                percent;     /* tokens of 100 patches */
    const llm_image_fit_t  *low;         /* by detail */
    const llm_image_fit_t  *high;
    const llm_image_fit_t  *original;
    const llm_image_fit_t  *automatic;
} llm_image_rule_t;

#define llm_image_tiled(base, tile)                                           \
    base, tile, 0, NULL, NULL, NULL, NULL

#define llm_image_any(percent, fit)                                           \
    0, 0, percent, &llm_image_ ## fit, &llm_image_ ## fit,                    \
    &llm_image_ ## fit, &llm_image_ ## fit

#define llm_image_new(low, high, original, automatic)                         \
    0, 0, 120, &llm_image_ ## low, &llm_image_ ## high,                       \
    &llm_image_ ## original, &llm_image_ ## automatic


/* the first prefix that fits; of a model that is newer, as of the newest */

static const llm_image_rule_t  llm_image_rules[] = {
    { "gpt-4o-mini", llm_image_tiled(2833, 5667) },
    { "gpt-4.1-mini", llm_image_any(162, wide) },
    { "gpt-4.1-nano", llm_image_any(246, old) },
    { "gpt-4", llm_image_tiled(85, 170) },
    { "gpt-5-mini", llm_image_any(120, old) },
    { "gpt-5-nano", llm_image_any(150, old) },
    { "gpt-5-codex-mini", llm_image_any(162, old) },
    { "gpt-5.1-codex-mini", llm_image_any(162, old) },
    { "gpt-5.1", llm_image_tiled(70, 140) },
    { "gpt-5.2", llm_image_any(120, wide) },
    { "gpt-5.3", llm_image_any(120, wide) },
    { "gpt-5.4", llm_image_new(wide, high, original, high) },
    { "gpt-5.5", llm_image_new(low, high, original, original) },
    { "gpt-5.6", llm_image_new(low, high, whole, whole) },
    { "gpt-5.", llm_image_new(low, long, whole, whole) },
    { "gpt-5", llm_image_tiled(70, 140) },
    { "gpt-oss", llm_image_any(131, other) },
    { "gpt-", llm_image_new(low, long, whole, whole) },
    { "chatgpt-", llm_image_tiled(85, 170) },
    { "computer-use", llm_image_tiled(65, 129) },
    { "o4-mini", llm_image_any(172, old) },
    { "o1", llm_image_tiled(75, 150) },
    { "o3", llm_image_tiled(75, 150) },
    { "", llm_image_any(131, other) }
};


static uint64_t
llm_image_tiles(uint64_t w, uint64_t h)
{
    uint64_t  side;

    side = (w > h) ? w : h;

    if (side > LLM_IMAGE_FIT) {
        w = w * LLM_IMAGE_FIT / side;
        h = h * LLM_IMAGE_FIT / side;
    }

    side = (w < h) ? w : h;

    if (side > LLM_IMAGE_SHORT) {
        w = w * LLM_IMAGE_SHORT / side;
        h = h * LLM_IMAGE_SHORT / side;
    }

    w = w ? w : 1;
    h = h ? h : 1;

    return ((w + LLM_IMAGE_TILE - 1) / LLM_IMAGE_TILE)
           * ((h + LLM_IMAGE_TILE - 1) / LLM_IMAGE_TILE);
}


static uint64_t
llm_image_root(uint64_t n)
{
    uint64_t  x, next;

    if (n < 2) {
        return n;
    }

    for (x = n, next = (n + 1) / 2; next < x; next = (x + n / x) / 2) {
        x = next;
    }

    return x;
}


/*
 * Patches of a picture that is made smaller as OpenAI does it: the square root
 * of patches by proportion is what fits of each side; it is cut to whole ones
 * on the side where that takes away the most, and the other follows.
 */

static uint64_t
llm_image_shrunk(uint64_t w, uint64_t h, uint64_t patches)
{
    uint64_t  across, down, swap;

    across = llm_image_root(patches * w / h);
    down = llm_image_root(patches * h / w);

    if (across * h > down * w) {
        swap = w; w = h; h = swap;
        across = down;
    }

    across = across ? across : 1;
    down = LLM_IMAGE_PATCH * across * h / w;

    return across * ((down + LLM_IMAGE_PATCH - 1) / LLM_IMAGE_PATCH);
}


static uint64_t
llm_image_patched(uint64_t w, uint64_t h, const llm_image_fit_t *fit)
{
    uint64_t  n, side;

    side = (w > h) ? w : h;

    if (side > fit->side) {
        w = (w * fit->side + side / 2) / side;
        h = (h * fit->side + side / 2) / side;
        w = w ? w : 1;
        h = h ? h : 1;
    }

    n = ((w + LLM_IMAGE_PATCH - 1) / LLM_IMAGE_PATCH)
        * ((h + LLM_IMAGE_PATCH - 1) / LLM_IMAGE_PATCH);

    if (n > fit->patches) {
        n = llm_image_shrunk(w, h, fit->patches);
    }

    return (n > fit->patches) ? fit->patches : n ? n : 1;
}


/* the most that a picture can come to */

static uint64_t
llm_image_most(const llm_image_fit_t *fit)
{
    uint64_t  side;

    side = (fit->side + LLM_IMAGE_PATCH - 1) / LLM_IMAGE_PATCH;

    return (side * side < fit->patches) ? side * side : fit->patches;
}


static const llm_image_fit_t *
llm_image_detail(const llm_image_rule_t *rule, const llm_json_t *j,
    uint32_t detail)
{
    if (llm_kind_of(j, detail) == LLM_JSON_STRING) {

        if (llm_json_equal(j, detail, "low")) {
            return rule->low;
        }

        if (llm_json_equal(j, detail, "high")) {
            return rule->high;
        }

        if (llm_json_equal(j, detail, "original")) {
            return rule->original;
        }
    }

    return rule->automatic;
}


int64_t
llm_openai_picture(llm_request_t *q, uint32_t detail, uint32_t w, uint32_t h,
    unsigned *estimate)
{
    uint64_t                 n;
    unsigned                 low;
    llm_str_t                model;
    const llm_image_fit_t   *fit;
    const llm_image_rule_t  *rule;

    model = llm_openai_bare(&q->model);

    for (rule = llm_image_rules; !llm_openai_is(&model, rule->model); rule++) {
        /* the last row takes all */
    }

    if (rule->tile) {
        low = llm_kind_of(&q->json, detail) == LLM_JSON_STRING
              && llm_json_equal(&q->json, detail, "low");

        *estimate |= !low && (w == 0 || h == 0);

        n = (w && h) ? llm_image_tiles(w, h) : LLM_IMAGE_TILES;

        return rule->base + (low ? 0 : (int64_t) n * rule->tile);
    }

    *estimate = 1;

    fit = llm_image_detail(rule, &q->json, detail);
    n = (w && h) ? llm_image_patched(w, h, fit) : llm_image_most(fit);

    return (int64_t) ((n * rule->percent + 99) / 100);
}


int64_t
llm_openai_image(llm_request_t *q, uint32_t part, unsigned *estimate)
{
    uint32_t   url, detail, w, h;
    llm_str_t  s;

    url = llm_json_get(&q->json, part, "image_url");
    detail = llm_json_get(&q->json, part, "detail");

    if (llm_kind_of(&q->json, url) == LLM_JSON_OBJECT) {
        detail = llm_json_get(&q->json, url, "detail");
        url = llm_json_get(&q->json, url, "url");
    }

    w = 0;
    h = 0;

    if (llm_kind_of(&q->json, url) == LLM_JSON_STRING) {

        if (llm_json_string(&q->json, url, &s, NULL) != LLM_OK) {
            return LLM_ERROR;
        }

        if (llm_image_inline(&s)) {
            llm_image_base64(&s, &w, &h);
        }
    }

    return llm_openai_picture(q, detail, w, h, estimate);
}
