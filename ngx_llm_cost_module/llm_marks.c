
/*
 * Copyright (C) 2026 the ngx_llm_cost_module authors
 */


#include "llm_marks.h"

#include <strings.h>


#define LLM_MARKS_ESCAPED    6       /* bytes that a character may take */


typedef struct {
    llm_str_t            name;
    unsigned             mark;
} llm_mark_t;


/* by length: most strings of a request are shorter or longer than all */

static const llm_mark_t  llm_mark_names[] = {
    { llm_string("tools"), LLM_MARK_TOOLS },
    { llm_string("base64"), LLM_MARK_MEDIA },
    { llm_string("file_id"), LLM_MARK_MEDIA },
    { llm_string("fileData"), LLM_MARK_MEDIA },
    { llm_string("file_url"), LLM_MARK_MEDIA },
    { llm_string("file_data"), LLM_MARK_MEDIA },
    { llm_string("functions"), LLM_MARK_TOOLS },
    { llm_string("image_url"), LLM_MARK_MEDIA },
    { llm_string("audio_url"), LLM_MARK_MEDIA },
    { llm_string("video_url"), LLM_MARK_MEDIA },
    { llm_string("fileSearch"), LLM_MARK_MEDIA },
    { llm_string("input_file"), LLM_MARK_MEDIA },
    { llm_string("inlineData"), LLM_MARK_MEDIA },
    { llm_string("media_type"), LLM_MARK_MEDIA },
    { llm_string("tool_calls"), LLM_MARK_CALLS },
    { llm_string("s3Location"), LLM_MARK_MEDIA },
    { llm_string("toolConfig"), LLM_MARK_TOOLS },
    { llm_string("toolResult"), LLM_MARK_CALLS },
    { llm_string("inline_data"), LLM_MARK_MEDIA },
    { llm_string("file_search"), LLM_MARK_MEDIA },
    { llm_string("mcp_servers"), LLM_MARK_MEDIA },
    { llm_string("input_audio"), LLM_MARK_MEDIA },
    { llm_string("input_image"), LLM_MARK_MEDIA },
    { llm_string("json_schema"), LLM_MARK_SCHEMA },
    { llm_string("tool_result"), LLM_MARK_CALLS },
    { llm_string("cache_control"), LLM_MARK_CACHE },
    { llm_string("cachedContent"), LLM_MARK_MEDIA },
    { llm_string("output_format"), LLM_MARK_SCHEMA },
    { llm_string("responseSchema"), LLM_MARK_SCHEMA },
    { llm_string("cached_content"), LLM_MARK_MEDIA },
    { llm_string("response_schema"), LLM_MARK_SCHEMA },
    { llm_string("functionResponse"), LLM_MARK_CALLS },
    { llm_string("function_response"), LLM_MARK_CALLS },
    { llm_string("responseJsonSchema"), LLM_MARK_SCHEMA },
    { llm_string("function_call_output"), LLM_MARK_CALLS },
    { llm_string("previous_response_id"), LLM_MARK_MEDIA },
    { llm_string("prompt_cache_options"), LLM_MARK_RETENTION },
    { llm_string("prompt_cache_retention"), LLM_MARK_RETENTION }
};

#define LLM_MARKS            (sizeof(llm_mark_names)                          \
                              / sizeof(llm_mark_names[0]))

#define LLM_MARK_SHORTEST    (sizeof("tools") - 1)
#define LLM_MARK_LONGEST     (sizeof("prompt_cache_retention") - 1)


/* some servers read names in any case, so that one must not hide a cost */

static unsigned
llm_mark_of(const unsigned char *p, size_t len)
{
    unsigned  i;

    for (i = 0; i < LLM_MARKS && llm_mark_names[i].name.len < len; i++) {
        /* void */
    }

    for ( /* void */ ; i < LLM_MARKS && llm_mark_names[i].name.len == len; i++)
    {
        if (strncasecmp((const char *) p,
                        (const char *) llm_mark_names[i].name.data, len)
            == 0)
        {
            return llm_mark_names[i].mark;
        }
    }

    return 0;
}


static unsigned
llm_mark_escaped(const llm_json_t *j, uint32_t node)
{
    llm_str_t      s;
    unsigned char  buf[LLM_MARK_LONGEST * LLM_MARKS_ESCAPED];

    if (llm_json_string(j, node, &s, buf) != LLM_OK) {
        return 0;
    }

    return llm_mark_of(s.data, s.len);
}


unsigned
llm_marks(const llm_json_t *j)
{
    size_t                  len;
    uint32_t                i;
    unsigned                marks;
    const llm_json_node_t  *v;

    if (j->n == 0) {
        return LLM_MARK_CACHE|LLM_MARK_RETENTION;
    }

    marks = 0;

    for (i = 0; i < j->n; i++) {
        v = &j->nodes[i];
        len = v->end - v->start;

        if (v->type != LLM_JSON_STRING || len < LLM_MARK_SHORTEST) {
            continue;
        }

        if (v->escaped) {
            if (len <= LLM_MARK_LONGEST * LLM_MARKS_ESCAPED) {
                marks |= llm_mark_escaped(j, i);
            }

        } else if (len <= LLM_MARK_LONGEST) {
            marks |= llm_mark_of(j->data + v->start, len);
        }
    }

    return marks;
}
